//! The cut of botocore's service models: its form on disk, how to read it, how to make it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

/// One service as kept in `data/<name>.json`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Model {
    /// Where the cut comes from, for example `botocore 1.43.11`.
    #[serde(default)]
    pub(crate) source: String,
    /// Names of all operations of the service, sorted; supported or not.
    #[serde(default)]
    pub(crate) all_operations: BTreeSet<String>,
    /// The service's own facts.
    pub(crate) metadata: Metadata,
    /// The supported operations.
    pub(crate) operations: BTreeMap<String, Operation>,
    /// The shapes that the supported operations reach.
    pub(crate) shapes: BTreeMap<String, Shape>,
}

/// The facts of a service that the codec needs.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Metadata {
    pub(crate) api_version: String,
    pub(crate) protocol: String,
    pub(crate) service_id: String,
}

/// An operation: which shapes go in and come out.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Operation {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) input: Option<Reference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) output: Option<Reference>,
}

/// A use of a shape, with its name on the wire where that differs from the member's.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Reference {
    pub(crate) shape: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) location_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) query_name: Option<String>,
}

/// A shape of the model.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Shape {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) required: Vec<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) members: BTreeMap<String, Reference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) member: Option<Reference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<Reference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) value: Option<Reference>,
    #[serde(default, rename = "enum", skip_serializing_if = "Vec::is_empty")]
    pub(crate) values: Vec<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) flattened: bool,
}

impl Shape {
    /// Every shape that this one names.
    fn references(&self) -> impl Iterator<Item = &Reference> {
        let parts = [&self.member, &self.key, &self.value];
        self.members.values().chain(parts.into_iter().flatten())
    }
}

impl Model {
    /// Reads `data/<name>.json`.
    pub(crate) fn read(root: &Path, name: &str) -> Result<Self> {
        let path = root.join("data").join(format!("{name}.json"));
        let text =
            std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        serde_json::from_slice(&text).with_context(|| format!("{} is not a model", path.display()))
    }

    /// The shape called `name`.
    pub(crate) fn shape(&self, name: &str) -> Result<&Shape> {
        self.shapes
            .get(name)
            .with_context(|| format!("the model has no shape {name}"))
    }

    /// The names of all shapes that can be reached from `roots`, these included.
    pub(crate) fn reach<'a>(
        &self,
        roots: impl Iterator<Item = &'a Reference>,
    ) -> Result<BTreeSet<String>> {
        let mut seen = BTreeSet::new();
        let mut todo: Vec<String> = roots.map(|r| r.shape.clone()).collect();
        while let Some(name) = todo.pop() {
            if seen.contains(&name) {
                continue;
            }
            todo.extend(self.shape(&name)?.references().map(|r| r.shape.clone()));
            seen.insert(name);
        }
        Ok(seen)
    }
}

/// The supported operations of every service, from `data/operations.toml`.
pub(crate) fn supported(root: &Path) -> Result<BTreeMap<String, Vec<String>>> {
    let path = root.join("data/operations.toml");
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("cannot read {}", path.display()))?;
    toml::from_str(&text).with_context(|| format!("{} is not valid", path.display()))
}

/// The name of a service's module and files here; the key is botocore's name.
pub(crate) fn module(service: &str) -> &str {
    match service {
        "service-quotas" => "quotas",
        "resourcegroupstaggingapi" => "tagging",
        other => other,
    }
}

/// Prints botocore's version on one line and then the unpacked model of a service (argument 1).
const UNPACK: &str = "
import botocore, gzip, glob, os, sys
newest = sorted(glob.glob(os.path.join(
    os.path.dirname(botocore.__file__), 'data', sys.argv[1], '*', 'service-2.json.gz')))[-1]
print(botocore.__version__)
print(gzip.open(newest).read().decode())
";

/// Makes `data/*.json` from the installed botocore.
pub(crate) fn cut(root: &Path) -> Result<()> {
    for (name, operations) in supported(root)? {
        let mut model = installed(&name)?;
        model.all_operations = model.operations.keys().cloned().collect();
        for operation in &operations {
            if !model.operations.contains_key(operation) {
                bail!("{name} has no operation {operation}");
            }
        }
        model.operations.retain(|name, _| operations.contains(name));
        let roots = model
            .operations
            .values()
            .flat_map(|o| o.input.iter().chain(&o.output));
        let keep = model.reach(roots)?;
        model.shapes.retain(|name, _| keep.contains(name));

        let path = root.join("data").join(format!("{}.json", module(&name)));
        let text = serde_json::to_string_pretty(&model)?;
        std::fs::write(&path, text + "\n")
            .with_context(|| format!("cannot write {}", path.display()))?;
        println!(
            "{}: {} of {} operations, {} shapes",
            path.display(),
            model.operations.len(),
            model.all_operations.len(),
            model.shapes.len()
        );
    }
    Ok(())
}

/// The whole model of a service, as botocore ships it.
fn installed(name: &str) -> Result<Model> {
    let output = Command::new("python3")
        .args(["-c", UNPACK, name])
        .output()
        .context("cannot run python3")?;
    if !output.status.success() {
        bail!(
            "python3 found no model of {name}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let text = String::from_utf8(output.stdout)?;
    let (version, json) = text.split_once('\n').context("python3 printed nothing")?;
    let mut model: Model = serde_json::from_str(json)
        .with_context(|| format!("botocore's {name} is unlike a model"))?;
    model.source = format!("botocore {version}");
    Ok(model)
}
