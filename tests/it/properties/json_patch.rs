//! As much of RFC 6902 as rb writes, with the API server's reading of it: a `test` for `null`
//! passes where there is no member.

use serde_json::Value;

/// Applies a JSON Patch, or says which operation does not fit.
pub(crate) fn apply(document: &mut Value, patch: &Value) -> Result<(), String> {
    for operation in patch.as_array().ok_or("a JSON Patch is a list")? {
        one(document, operation).ok_or_else(|| operation.to_string())?;
    }
    Ok(())
}

fn one(document: &mut Value, operation: &Value) -> Option<()> {
    let path = operation["path"].as_str()?;
    let value = operation.get("value")?;
    match operation["op"].as_str()? {
        "test" => (document.pointer(path).unwrap_or(&Value::Null) == value).then_some(()),
        "replace" => {
            *document.pointer_mut(path)? = value.clone();
            Some(())
        }
        "add" => {
            let (parent, member) = path.rsplit_once('/')?;
            let member = member.replace("~1", "/").replace("~0", "~");
            document.pointer_mut(parent)?.as_object_mut()?.insert(member, value.clone());
            Some(())
        }
        _ => None,
    }
}
