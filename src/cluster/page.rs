//! Reading a page of a list whose objects may be large: an object at a time, straight into what is wanted of
//! it, and no more of the page than is agreed.

use std::fmt;
use std::marker::PhantomData;

use http_body_util::BodyExt as _;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

use super::failure::Failure;
use super::request::{Call, JSON};
use super::{Cluster, Deadline};
use crate::error::Result;

/// What came of a list.
#[derive(Debug)]
pub struct Page<T> {
    /// What was kept of the objects.
    pub items: Vec<T>,
    /// Whether these are all that there are.
    pub is_all: bool,
}

impl Cluster {
    /// Reads one page, in one request that is not tried again. Of its bytes no more than `most` are read:
    /// what does not fit is not looked at. `keep` says what is kept of an object.
    pub async fn get_page<I: DeserializeOwned, T>(
        &self,
        path: &str,
        most: usize,
        deadline: Deadline,
        keep: impl FnMut(I) -> Option<T>,
    ) -> Result<Page<T>> {
        let call = Call::read(path, JSON);
        let (bytes, is_whole) = self
            .beginning(&call, most, deadline)
            .await
            .map_err(|failure| failure.into_error(&call.asked(), &self.peer))?;
        let Page { items, is_all } = parse(&bytes, keep);
        Ok(Page { items, is_all: is_all && is_whole })
    }

    async fn beginning(
        &self,
        call: &Call<'_>,
        most: usize,
        deadline: Deadline,
    ) -> Result<(Vec<u8>, bool), Failure> {
        let session = self.sessions.current(deadline).await.map_err(Failure::Unsent)?;
        let limit = deadline.earlier(self.request_timeout);
        let mut body = self.answer(&session.service, call, limit).await?.into_body();
        let mut bytes = Vec::new();
        loop {
            match limit.bound(body.frame()).await {
                Some(None) => return Ok((bytes, true)),
                Some(Some(Ok(frame))) => {
                    let Some(data) = frame.data_ref() else { continue };
                    let room = most.saturating_sub(bytes.len());
                    bytes.extend_from_slice(data.get(..room).unwrap_or(data));
                    if data.len() > room {
                        return Ok((bytes, false));
                    }
                }
                // What is here can be looked at all the same.
                Some(Some(Err(_))) | None => return Ok((bytes, false)),
            }
        }
    }
}

/// The objects in the beginning of a list, up to where it is cut off.
fn parse<I: DeserializeOwned, T>(bytes: &[u8], keep: impl FnMut(I) -> Option<T>) -> Page<T> {
    let mut list = List { items: Vec::new(), keep, has_more: false, of: PhantomData };
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let is_whole = (&mut list).deserialize(&mut json).is_ok();
    Page { is_all: is_whole && !list.has_more, items: list.items }
}

struct List<I, T, F> {
    items: Vec<T>,
    keep: F,
    has_more: bool,
    of: PhantomData<I>,
}

impl<'de, I: DeserializeOwned, T, F: FnMut(I) -> Option<T>> DeserializeSeed<'de>
    for &mut List<I, T, F>
{
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, I: DeserializeOwned, T, F: FnMut(I) -> Option<T>> Visitor<'de> for &mut List<I, T, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                "items" => map.next_value_seed(Items(&mut *self))?,
                "metadata" => {
                    let metadata: serde_json::Value = map.next_value()?;
                    let next = metadata.get("continue").and_then(serde_json::Value::as_str);
                    self.has_more = next.is_some_and(|next| !next.is_empty());
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

struct Items<'l, I, T, F>(&'l mut List<I, T, F>);

impl<'de, I: DeserializeOwned, T, F: FnMut(I) -> Option<T>> DeserializeSeed<'de>
    for Items<'_, I, T, F>
{
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, I: DeserializeOwned, T, F: FnMut(I) -> Option<T>> Visitor<'de> for Items<'_, I, T, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the objects of a list")
    }

    /// Where there are none.
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while let Some(item) = items.next_element::<I>()? {
            self.0.items.extend((self.0.keep)(item));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Deserialize)]
    struct Named {
        name: String,
    }

    fn read(text: &str) -> (Vec<String>, bool) {
        let keep = |named: Named| Some(named.name).filter(|name| name != "skip");
        let Page { items, is_all } = parse(text.as_bytes(), keep);
        (items, is_all)
    }

    #[test]
    fn a_list_that_is_cut_off_gives_what_is_whole() {
        let item = |name: &str| json!({"name": name, "status": {"long": "x".repeat(40)}});
        let items = json!([item("a"), item("skip"), item("b")]);
        let whole =
            json!({"apiVersion": "v1", "items": items, "metadata": {"continue": ""}}).to_string();
        assert_eq!(read(&whole), (vec!["a".to_owned(), "b".to_owned()], true));
        let more = json!({"items": items, "metadata": {"continue": "next"}}).to_string();
        assert_eq!(read(&more), (vec!["a".to_owned(), "b".to_owned()], false));
        let mut most = 0;
        for end in 0..whole.len() {
            let (names, is_all) = read(&whole[..end]);
            assert!(!is_all && names.len() >= most && names.len() <= 2, "{end}: {names:?}");
            most = names.len();
        }
        assert_eq!(most, 2);
        assert_eq!(read("{\"items\": null, \"metadata\": {}}"), (vec![], true));
        for nonsense in ["", "[]", "no", "{\"items\": 7}", "{\"items\": [{\"name\": 7}]}"] {
            assert_eq!(read(nonsense), (vec![], false), "{nonsense}");
        }
    }
}
