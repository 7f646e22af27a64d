//! Which port: of a Service, or of a pod. Pure.

use serde_json::Value;

use super::row::Bad;
use crate::rollback::model::http_probe::HttpProbe;

/// Names, which may be empty, and numbers of the ports for TCP.
pub(super) struct Ports(Vec<(String, u64)>);

impl Ports {
    /// Of a Service.
    pub(super) fn of_service(service: &Value) -> Self {
        let ports = service.pointer("/spec/ports").and_then(Value::as_array);
        Self::read(ports.into_iter().flatten(), "port")
    }

    /// That the containers of a pod declare, and those that run beside them.
    pub(super) fn of_pod(pod: &Value) -> Self {
        let list = |pointer| pod.pointer(pointer).and_then(Value::as_array).into_iter().flatten();
        let beside = list("/spec/initContainers")
            .filter(|container| container.get("restartPolicy").is_some_and(|p| p == "Always"));
        let ports = list("/spec/containers")
            .chain(beside)
            .filter_map(|container| container.get("ports")?.as_array())
            .flatten();
        Self::read(ports, "containerPort")
    }

    fn read<'a>(ports: impl Iterator<Item = &'a Value>, number: &str) -> Self {
        let is_tcp = |port: &&Value| port.get("protocol").is_none_or(|protocol| protocol == "TCP");
        let read = |port: &Value| {
            let name = port.get("name").and_then(Value::as_str).unwrap_or_default();
            Some((name.to_owned(), port.get(number)?.as_u64()?))
        };
        Self(ports.filter(is_tcp).filter_map(read).collect())
    }

    /// The number of the one that the probe names, or of the only one.
    pub(super) fn choose(&self, probe: &HttpProbe) -> Result<u64, Bad> {
        let missing = |message: String| Err(Bad::unknown("NoPort", message));
        match (&probe.port, self.0.as_slice()) {
            (Some(wanted), _) => match self.find(wanted) {
                Some(number) => Ok(number),
                None => missing(format!("it has no port {wanted}; its ports: {}", self.list())),
            },
            (None, [(_, number)]) => Ok(*number),
            (None, []) => missing(format!("it names no port for TCP: {}", say(probe, "PORT"))),
            (None, [(_, first), ..]) => {
                let say = say(probe, &first.to_string());
                let message = format!("it has several ports, {}: {say}", self.list());
                Err(Bad::unknown("SeveralPorts", message))
            }
        }
    }

    /// The same of a pod: it may listen on ports that it does not declare.
    pub(super) fn choose_or_number(&self, probe: &HttpProbe) -> Result<u64, Bad> {
        let number = probe.port.as_ref().and_then(|port| port.parse().ok());
        number.map_or_else(|| self.choose(probe), Ok)
    }

    fn find(&self, wanted: &str) -> Option<u64> {
        let is_it =
            |(name, number): &&(String, u64)| name == wanted || number.to_string() == wanted;
        self.0.iter().find(is_it).map(|(_, number)| *number)
    }

    /// `http (80), metrics (9090)`.
    fn list(&self) -> String {
        let word = |(name, number): &(String, u64)| match name.as_str() {
            "" => number.to_string(),
            name => format!("{name} ({number})"),
        };
        match self.0.as_slice() {
            [] => "none".to_owned(),
            ports => ports.iter().map(word).collect::<Vec<_>>().join(", "),
        }
    }
}

fn say(probe: &HttpProbe, port: &str) -> String {
    format!("say which one in the probe {} of the configuration (port: {port})", probe.name)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_port_is_found_by_name_by_number_or_because_it_is_the_only_one() {
        let service = json!({"spec": {"ports": [
            {"name": "http", "port": 80, "protocol": "TCP"},
            {"name": "metrics", "port": 9090},
            {"name": "dns", "port": 53, "protocol": "UDP"},
        ]}});
        let one = json!({"spec": {"ports": [{"port": 8080}]}});
        let pod = json!({"spec": {
            "containers": [{"ports": [{"name": "web", "containerPort": 8080}]}, {}],
            "initContainers": [
                {"ports": [{"containerPort": 1}]},
                {"restartPolicy": "Always", "ports": [{"name": "mesh", "containerPort": 15020}]},
            ],
        }});
        let bare = json!({"spec": {"containers": [{}]}});
        let [service, one] = [service, one].map(|object| Ports::of_service(&object));
        let [pod, bare] = [pod, bare].map(|object| Ports::of_pod(&object));
        for (ports, wanted, found) in [
            (&service, Some("http"), Ok(80)),
            (&service, Some("9090"), Ok(9090)),
            (&service, Some("53"), Err("no port 53; its ports: http (80), metrics (9090)")),
            (&service, None, Err("http (80), metrics (9090): say which one in the probe ready")),
            (&one, None, Ok(8080)),
            (&one, Some("8080"), Ok(8080)),
            (&one, Some(""), Ok(8080)),
            (&pod, Some("mesh"), Ok(15_020)),
            (&pod, Some("web"), Ok(8080)),
            (&pod, None, Err("several ports, web (8080), mesh (15020)")),
            (&bare, None, Err("no port for TCP")),
            (&bare, Some("web"), Err("no port web; its ports: none")),
        ] {
            let port = wanted.map(str::to_owned);
            let probe = HttpProbe { name: "ready".to_owned(), port, ..HttpProbe::default() };
            match (ports.choose(&probe), found) {
                (Ok(number), Ok(expected)) => assert_eq!(number, expected),
                (Err(bad), Err(words)) => assert!(bad.message.contains(words), "{}", bad.message),
                (chosen, expected) => panic!("{chosen:?} {expected:?}"),
            }
        }
    }
}
