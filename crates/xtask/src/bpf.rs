//! `bpf [--check]`: compiles the BPF program and makes Rust from its headers.
//!
//! The object and what is generated are committed, so that users need no clang; `--check`
//! (part of `make test`) makes everything again and compares byte by byte.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

use crate::codegen::Mode;

const CLANG: &str = "clang-14";
const STRIP: &str = "llvm-strip-14";
const SOURCE: &str = "crates/dataplane/bpf";

/// One line of `shared/verdict.h`.
struct Verdict {
    number: u32,
    name: String,
    label: String,
    meaning: String,
    next: String,
}

/// Makes, or compares, every product of the C sources.
pub(crate) fn run(root: &Path, mode: Mode) -> Result<()> {
    let verdicts = verdicts(&std::fs::read_to_string(
        root.join(SOURCE).join("shared/verdict.h"),
    )?)?;
    let products = [
        ("crates/dataplane/src/linux/eni.bpf.o", object(root)?),
        ("crates/dataplane/src/linux/tables.rs", tables(root)?),
        ("crates/model/src/verdict.rs", rustfmt(&rust(&verdicts)?)?),
        ("docs/verdicts.md", markdown(&verdicts)?.into_bytes()),
    ];
    let mut stale = Vec::new();
    for (path, bytes) in products {
        let file = root.join(path);
        if std::fs::read(&file).ok().as_deref() == Some(bytes.as_slice()) {
            continue;
        }
        match mode {
            Mode::Write => {
                std::fs::write(&file, bytes).with_context(|| format!("writing {path}"))?;
            }
            Mode::Check => stale.push(path),
        }
    }
    ensure!(
        stale.is_empty(),
        "not what {SOURCE} makes: {}; run `cargo xtask bpf` and commit",
        stale.join(", ")
    );
    Ok(())
}

fn object(root: &Path) -> Result<Vec<u8>> {
    let out = std::env::temp_dir().join(format!("ginnel-eni-{}.o", std::process::id()));
    // -fdebug-prefix-map and a relative source keep the checkout's path out of the object.
    let compiled = Command::new(CLANG)
        .current_dir(root.join(SOURCE))
        .args(["-O2", "-g", "-Wall", "-Wextra", "-Werror"])
        .args(["-Wno-unused-parameter", "-Wno-unused-function"])
        .args(["-target", "bpf", "-mcpu=v3", "-fno-stack-protector"])
        // Checksums read as 16-bit words what was written as fields.
        .args(["-fno-strict-aliasing"])
        .args([
            "-fdebug-compilation-dir=.",
            "-I/usr/include/x86_64-linux-gnu",
        ])
        .args(["-I/usr/include/aarch64-linux-gnu", "-c", "eni.bpf.c", "-o"])
        .arg(&out)
        .status()
        .with_context(|| format!("running {CLANG}; scripts/packages.sh installs it"))?;
    ensure!(compiled.success(), "{CLANG} refused {SOURCE}/eni.bpf.c");
    let stripped = Command::new(STRIP).arg("-g").arg(&out).status();
    ensure!(
        stripped
            .with_context(|| format!("running {STRIP}"))?
            .success(),
        "{STRIP} failed"
    );
    let bytes = std::fs::read(&out)?;
    std::fs::remove_file(&out)?;
    Ok(bytes)
}

fn tables(root: &Path) -> Result<Vec<u8>> {
    let header = root.join(SOURCE).join("shared/tables.h");
    let made = bindgen::Builder::default()
        .header(header.display().to_string())
        .clang_arg("-I/usr/include/x86_64-linux-gnu")
        .clang_arg("-I/usr/include/aarch64-linux-gnu")
        .allowlist_file(".*/bpf/shared/.*")
        .use_core()
        .derive_default(true)
        .derive_eq(true)
        .derive_hash(true)
        .prepend_enum_name(false)
        .layout_tests(true)
        .generate_comments(true)
        .disable_header_comment()
        .formatter(bindgen::Formatter::None)
        .generate()
        .context("bindgen on shared/tables.h")?;
    rustfmt(&format!(
        "// Made by `cargo xtask bpf` from bpf/shared/tables.h. Do not edit.\n\n{made}"
    ))
}

fn rustfmt(text: &str) -> Result<Vec<u8>> {
    use std::io::Write as _;
    let mut child = Command::new("rustfmt")
        .args(["--edition", "2024"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .context("running rustfmt")?;
    child
        .stdin
        .take()
        .context("rustfmt's input")?
        .write_all(text.as_bytes())?;
    let out = child.wait_with_output()?;
    ensure!(out.status.success(), "rustfmt refused the generated code");
    Ok(out.stdout)
}

/// Reads the X-macro table: `X(number, NAME, "label", "meaning", "next step")`.
fn verdicts(header: &str) -> Result<Vec<Verdict>> {
    let mut found = Vec::new();
    for line in header.lines() {
        let Some(rest) = line.trim().strip_prefix("X(") else {
            continue;
        };
        let quoted: Vec<&str> = rest.split('"').collect();
        let mut front = rest.split(',').map(str::trim);
        let (Some(number), Some(name)) = (front.next(), front.next()) else {
            bail!("verdict.h: cannot read {line}");
        };
        ensure!(quoted.len() == 7, "verdict.h: three texts wanted in {line}");
        found.push(Verdict {
            number: number.parse().with_context(|| line.to_owned())?,
            name: name.to_owned(),
            label: quoted[1].to_owned(),
            meaning: quoted[3].to_owned(),
            next: quoted[5].to_owned(),
        });
    }
    ensure!(!found.is_empty(), "verdict.h: no verdicts");
    Ok(found)
}

fn rust(verdicts: &[Verdict]) -> Result<String> {
    let camel = |name: &str| -> String {
        name.split('_')
            .map(|word| word[..1].to_owned() + &word[1..].to_lowercase())
            .collect()
    };
    let mut text = String::from(
        "//! Why the data plane refuses a packet.\n\
         //!\n\
         //! Made by `cargo xtask bpf` from dataplane's bpf/shared/verdict.h. Do not edit.\n\nuse serde::{Deserialize, Serialize};\n\n\
         /// A reason for a drop; the numbers are the kernel's and are never used again.\n\
         #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]\n\
         pub enum Verdict {\n",
    );
    for v in verdicts {
        writeln!(
            text,
            "/// {}\n{} = {},",
            v.meaning,
            camel(&v.name),
            v.number
        )?;
    }
    text += "}\n\nimpl Verdict {\n/// Every verdict, in the order of its number.\npub const ALL: &'static [Self] = &[";
    for v in verdicts {
        write!(text, "Self::{},", camel(&v.name))?;
    }
    text += "];\n";
    for (method, doc) in [
        (
            "label",
            "The name in metrics, logs and on the command line.",
        ),
        ("meaning", "What happened, in a sentence."),
        ("next_step", "What to do about it."),
    ] {
        write!(
            text,
            "\n/// {doc}\npub fn {method}(self) -> &'static str {{ match self {{"
        )?;
        for v in verdicts {
            let value = match method {
                "label" => &v.label,
                "meaning" => &v.meaning,
                _ => &v.next,
            };
            write!(text, "Self::{} => {value:?},", camel(&v.name))?;
        }
        text += "} }\n";
    }
    text += "}\n";
    Ok(text)
}

fn markdown(verdicts: &[Verdict]) -> Result<String> {
    let mut text = String::from(
        "# Why a packet was dropped\n\n\
         Made by `cargo xtask bpf` from `crates/dataplane/bpf/shared/verdict.h`. `ginnel explain LABEL` prints the same.\n\n\
         | no. | label | what happened | what to do |\n|---|---|---|---|\n",
    );
    for v in verdicts {
        writeln!(
            text,
            "| {} | `{}` | {} | {} |",
            v.number, v.label, v.meaning, v.next
        )?;
    }
    Ok(text)
}
