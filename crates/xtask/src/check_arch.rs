//! `check-arch`: the import matrix of `architecture.toml` against `cargo metadata`, and the
//! attributes that keep pure rooms pure.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

/// The longest hand-written file that passes without a line in [`LONG`].
const MOST_LINES: usize = 600;
/// Files that are longer, and why that is right.
const LONG: &[(&str, &str)] = &[];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Architecture {
    room: BTreeMap<String, Room>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Room {
    imports: Vec<String>,
    #[serde(default)]
    no_std: bool,
    #[serde(default, rename = "unsafe")]
    may_be_unsafe: bool,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: String,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
    path: Option<String>,
}

/// Fails with every violation.
pub(crate) fn run(root: &Path) -> Result<()> {
    let text = std::fs::read_to_string(root.join("architecture.toml"))?;
    let architecture: Architecture = toml::from_str(&text).context("architecture.toml")?;
    let out = Command::new("cargo")
        .args([
            "metadata",
            "--no-deps",
            "--format-version",
            "1",
            "--offline",
        ])
        .current_dir(root)
        .output()
        .context("running cargo metadata")?;
    ensure!(out.status.success(), "cargo metadata failed");
    let metadata: Metadata = serde_json::from_slice(&out.stdout)?;
    let mut problems = Vec::new();
    for package in &metadata.packages {
        let name = short(&package.name);
        let Some(room) = architecture.room.get(name) else {
            problems.push(format!("{name} is not in architecture.toml"));
            continue;
        };
        check_imports(package, name, room, &mut problems);
        check_purity(Path::new(&package.manifest_path), name, room, &mut problems)?;
    }
    check_lengths(root, &mut problems)?;
    ensure!(problems.is_empty(), "\n  {}", problems.join("\n  "));
    Ok(())
}

fn check_imports(package: &Package, name: &str, room: &Room, problems: &mut Vec<String>) {
    for dependency in &package.dependencies {
        let ours = dependency.path.is_some() && dependency.kind.is_none();
        let import = short(&dependency.name);
        if ours && !room.imports.iter().any(|allowed| allowed == import) {
            problems.push(format!("{name} may not import {import}"));
        }
    }
}

fn check_purity(
    manifest: &Path,
    name: &str,
    room: &Room,
    problems: &mut Vec<String>,
) -> Result<()> {
    let folder = manifest.parent().context("a manifest's folder")?;
    let text = std::fs::read_to_string(manifest)?;
    if !room.may_be_unsafe && !text.contains("[lints]\nworkspace = true") {
        problems.push(format!("{name} does not inherit the workspace's lints"));
    }
    if room.no_std {
        let head = std::fs::read_to_string(folder.join("src/lib.rs"))?;
        if !head.contains("#![no_std]") {
            problems.push(format!("{name} is a pure room and must be #![no_std]"));
        }
    }
    Ok(())
}

fn check_lengths(root: &Path, problems: &mut Vec<String>) -> Result<()> {
    let out = Command::new("git")
        .args(["ls-files", "*.rs", "*.c", "*.h"])
        .current_dir(root)
        .output()
        .context("running git ls-files")?;
    for file in String::from_utf8_lossy(&out.stdout).lines() {
        let made = file.ends_with("generated.rs")
            || file.ends_with("linux/tables.rs")
            || file.ends_with("src/verdict.rs");
        let Ok(text) = std::fs::read_to_string(root.join(file)) else {
            continue;
        };
        let lines = text.lines().count();
        if !made && lines > MOST_LINES && !LONG.iter().any(|(known, _)| *known == file) {
            problems.push(format!("{file} has {lines} lines, more than {MOST_LINES}"));
        }
    }
    Ok(())
}

fn short(package: &str) -> &str {
    package.strip_prefix("ginnel-").unwrap_or(package)
}
