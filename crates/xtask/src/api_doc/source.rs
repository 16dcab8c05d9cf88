//! The handlers' source: which refusals can be reached from a function.
//!
//! Calls are followed by name: `module::function` and `function` to the file that defines it,
//! methods to every method of that name in the same noun. What is out of `api/` is not followed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use syn::visit::Visit;

use super::{Context, Result, bail};

/// A refusal that a function may answer with.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Refusal {
    /// A parameter's name as `unsupported(..)` lists it.
    Parameter(String),
    /// The message of an `UnsupportedOperation` fault.
    Sentence(String),
}

/// What a function does, as far as this looks.
#[derive(Debug, Default)]
pub(super) struct Function {
    pub(super) refusals: BTreeSet<Refusal>,
    /// Called paths, as written: their last two segments.
    calls: BTreeSet<(Option<String>, String)>,
    methods: BTreeSet<String>,
}

/// The functions of all files, by (module, name): a module is its file's path below `api/`, a
/// method's is its file's too.
#[derive(Debug, Default)]
pub(super) struct Source {
    functions: BTreeMap<(String, String), Function>,
    /// The words of the macros, by (module, name).
    macros: BTreeMap<(String, String), BTreeSet<String>>,
    /// Where a file's imported names come from: (module, name) → module or name's module.
    imports: BTreeMap<(String, String), Vec<String>>,
    /// Fields bound to `_`, with the comment beside them, by the type that is taken apart.
    aside: BTreeMap<String, BTreeMap<String, String>>,
}

impl Source {
    /// Reads every file below `root` but tests; their modules are below `module`.
    pub(super) fn read(&mut self, root: &Path, module: &str) -> Result<()> {
        let mut todo = vec![root.to_owned()];
        while let Some(folder) = todo.pop() {
            let entries = std::fs::read_dir(&folder)
                .with_context(|| format!("cannot read {}", folder.display()))?;
            let mut paths: Vec<PathBuf> = entries
                .map(|entry| entry.map(|it| it.path()))
                .collect::<std::io::Result<_>>()?;
            paths.sort();
            for path in paths {
                let name = path.file_stem().unwrap_or_default().to_string_lossy();
                if path.is_dir() && name != "tests" {
                    todo.push(path);
                } else if path.extension().is_some_and(|it| it == "rs") && name != "tests" {
                    let text = std::fs::read_to_string(&path)?;
                    let below = path.strip_prefix(root)?.with_extension("");
                    let below = below.to_string_lossy();
                    let below = match below.as_ref() {
                        "mod" => "",
                        other => other.strip_suffix("/mod").unwrap_or(other),
                    };
                    let whole = format!("{module}/{below}");
                    self.add(whole.trim_matches('/'), &text)
                        .with_context(|| format!("in {}", path.display()))?;
                }
            }
        }
        Ok(())
    }

    /// Adds a file's text.
    pub(super) fn add(&mut self, module: &str, text: &str) -> Result<()> {
        let file = syn::parse_file(text)?;
        for item in &file.items {
            match item {
                syn::Item::Fn(function) => {
                    self.function(module, &function.sig.ident, &function.block);
                }
                syn::Item::Impl(block) => {
                    for item in &block.items {
                        if let syn::ImplItem::Fn(function) = item {
                            self.function(module, &function.sig.ident, &function.block);
                        }
                    }
                }
                syn::Item::Macro(item) => self.made(module, item)?,
                syn::Item::Use(import) => self.import(module, &mut Vec::new(), &import.tree),
                _ => {}
            }
        }
        self.bindings(text);
        Ok(())
    }

    fn function(&mut self, module: &str, name: &syn::Ident, block: &syn::Block) {
        let entry = self
            .functions
            .entry((module.to_owned(), name.to_string()))
            .or_default();
        entry.visit_block(block);
    }

    /// Functions that a macro of the same file makes: any word of the invocation may be one, and
    /// each may call whatever the macro's text names.
    fn made(&mut self, module: &str, item: &syn::ItemMacro) -> Result<()> {
        let text = item.mac.tokens.to_string();
        let words = text.split(|c: char| !(c.is_alphanumeric() || c == '_'));
        let words: BTreeSet<String> = words.map(str::to_owned).collect();
        if let Some(name) = &item.ident {
            if words.contains("unsupported") {
                bail!(
                    "the macro {name} refuses parameters, which cannot be read there: do it in a function"
                );
            }
            self.macros
                .insert((module.to_owned(), name.to_string()), words);
            return Ok(());
        }
        let name = item.mac.path.segments.last();
        let name = name.map(|it| it.ident.to_string()).unwrap_or_default();
        if let Some(body) = self.macros.get(&(module.to_owned(), name)) {
            for word in words {
                let function = self.functions.entry((module.to_owned(), word)).or_default();
                let calls = body.iter().map(|word| (None, word.clone()));
                function.calls.extend(calls);
            }
        }
        Ok(())
    }

    fn import(&mut self, module: &str, path: &mut Vec<String>, tree: &syn::UseTree) {
        match tree {
            syn::UseTree::Path(inner) => {
                path.push(inner.ident.to_string());
                self.import(module, path, &inner.tree);
                path.pop();
            }
            syn::UseTree::Name(name) => {
                let mut whole = path.clone();
                whole.push(name.ident.to_string());
                let key = (module.to_owned(), name.ident.to_string());
                self.imports.insert(key, whole);
            }
            syn::UseTree::Rename(rename) => {
                let mut whole = path.clone();
                whole.push(rename.ident.to_string());
                let key = (module.to_owned(), rename.rename.to_string());
                self.imports.insert(key, whole);
            }
            syn::UseTree::Group(group) => {
                for tree in &group.items {
                    self.import(module, path, tree);
                }
            }
            syn::UseTree::Glob(_) => {}
        }
    }

    /// Notes `field: _, // why` of every `Type { .. }` that is taken apart. Comments are no part
    /// of the syntax tree, so lines are read; `cargo fmt` gives each field its own.
    fn bindings(&mut self, text: &str) {
        let mut shape: Option<String> = None;
        for line in text.lines() {
            let line = line.trim();
            if line.ends_with('{') {
                let name = line.trim_end_matches('{').trim();
                let name = name.rsplit([':', ' ']).next().unwrap_or_default();
                shape = name
                    .starts_with(|letter: char| letter.is_ascii_uppercase())
                    .then(|| name.to_owned());
            } else if line.starts_with('}') {
                shape = None;
            } else if let Some((field, rest)) = line.split_once(": _")
                && let Some(shape) = &shape
            {
                let rest = rest.trim_start_matches(',').trim();
                let why = rest.strip_prefix("//").unwrap_or_default().trim();
                self.aside
                    .entry(shape.clone())
                    .or_default()
                    .insert(field.to_owned(), why.to_owned());
            }
        }
    }

    /// The fields of a request that its handler leaves aside, with the reasons; `dry_run`,
    /// which the committer sees to, is not one.
    pub(super) fn aside(&self, shape: &str) -> BTreeMap<String, String> {
        let mut found = self.aside.get(shape).cloned().unwrap_or_default();
        found.remove("dry_run");
        found
    }

    /// Everything that the handler at `path`, as the module `from` says it, may answer with.
    pub(super) fn reach(&self, from: &str, path: &str) -> Result<Function> {
        let (before, name) = path.rsplit_once("::").unwrap_or(("", path));
        let whole = before
            .trim_start_matches("crate::")
            .trim_start_matches("api::");
        let mut start = (whole.replace("::", "/"), name.to_owned());
        if !self.functions.contains_key(&start) {
            let last = before.rsplit("::").next();
            start = self.resolve(from, last, name);
        }
        if !self.functions.contains_key(&start) {
            bail!("there is no function {path} in {}", super::API);
        }
        let mut seen = BTreeSet::new();
        let mut todo = vec![start];
        let mut sum = Function::default();
        while let Some(key) = todo.pop() {
            let Some(function) = self.functions.get(&key) else {
                continue;
            };
            if !seen.insert(key.clone()) {
                continue;
            }
            sum.refusals.extend(function.refusals.iter().cloned());
            for (before, name) in &function.calls {
                todo.push(self.resolve(&key.0, before.as_deref(), name));
            }
            for name in &function.methods {
                todo.push((key.0.clone(), name.clone()));
            }
        }
        Ok(sum)
    }

    /// The module and name of a called function, through imports and re-exports.
    fn resolve(&self, here: &str, before: Option<&str>, name: &str) -> (String, String) {
        let module = before.map_or(here.to_owned(), |before| self.module(here, before));
        let key = (module, name.to_owned());
        if self.functions.contains_key(&key) {
            return key;
        }
        match self.imports.get(&key).map(Vec::as_slice) {
            Some([.., before, name]) => (self.module(&key.0, before), name.clone()),
            _ => key,
        }
    }

    /// The module that `name` means in `here`: a child, a sibling, an import, or a type's file.
    fn module(&self, here: &str, name: &str) -> String {
        let parent = here.rsplit_once('/').map_or("", |(parent, _)| parent);
        match name {
            "self" | "Self" => return here.to_owned(),
            "super" => return parent.to_owned(),
            _ => {}
        }
        let known = |module: &String| {
            let from = (module.clone(), String::new());
            let next = self.functions.range(from..).next();
            next.is_some_and(|((found, _), _)| found == module)
        };
        if let Some([first, api, below @ ..]) = self
            .imports
            .get(&(here.to_owned(), name.to_owned()))
            .map(Vec::as_slice)
            && first == "crate"
            && api == "api"
            && known(&below.join("/"))
        {
            return below.join("/");
        }
        let is_type = |name: &str| name.starts_with(|letter: char| letter.is_ascii_uppercase());
        match self
            .imports
            .get(&(here.to_owned(), name.to_owned()))
            .map(Vec::as_slice)
        {
            Some([.., before, last]) if is_type(last) => return self.module(here, before),
            Some([.., last]) if last != name => return self.module(here, last),
            _ if is_type(name) => return here.to_owned(),
            _ => {}
        }
        let below = |folder: &str| match folder {
            "" => name.to_owned(),
            folder => format!("{folder}/{name}"),
        };
        [below(here), below(parent), name.to_owned()]
            .into_iter()
            .find(known)
            .or_else(|| self.anywhere(name))
            .unwrap_or_else(|| name.to_owned())
    }
}

impl Source {
    /// The only module with this name at the end of its path.
    fn anywhere(&self, name: &str) -> Option<String> {
        let modules: BTreeSet<&String> = self.functions.keys().map(|(module, _)| module).collect();
        let mut found = modules
            .into_iter()
            .filter(|module| module.rsplit('/').next() == Some(name));
        match (found.next(), found.next()) {
            (Some(only), None) => Some(only.clone()),
            _ => None,
        }
    }
}

impl<'ast> Visit<'ast> for Function {
    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        if let syn::Expr::Path(path) = call.func.as_ref() {
            let mut segments = path
                .path
                .segments
                .iter()
                .rev()
                .map(|it| it.ident.to_string());
            let name = segments.next().unwrap_or_default();
            match name.as_str() {
                "unsupported" => self.listed(call),
                "bad_request" => self.told(call),
                _ => {}
            }
        }
        syn::visit::visit_expr_call(self, call);
    }

    /// Also where a function is only named: `.map(reply)`.
    fn visit_expr_path(&mut self, path: &'ast syn::ExprPath) {
        let mut segments = path
            .path
            .segments
            .iter()
            .rev()
            .map(|it| it.ident.to_string());
        // The function that words the refusals has been read already.
        if let Some(name) = segments.next()
            && name != "unsupported"
        {
            self.calls.insert((segments.next(), name));
        }
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        self.methods.insert(call.method.to_string());
        syn::visit::visit_expr_method_call(self, call);
    }
}

impl Function {
    /// `unsupported(&[("Name", set), ..])`.
    fn listed(&mut self, call: &syn::ExprCall) {
        let mut texts = Texts::default();
        for argument in &call.args {
            texts.visit_expr(argument);
        }
        self.refusals
            .extend(texts.firsts.into_iter().map(Refusal::Parameter));
    }

    /// `Fault::bad_request("UnsupportedOperation", "..")`.
    fn told(&mut self, call: &syn::ExprCall) {
        let mut arguments = call.args.iter();
        let code = arguments.next().and_then(literal);
        if code.as_deref() != Some("UnsupportedOperation") {
            return;
        }
        // A message that is only an argument was made, and is told, elsewhere.
        if let Some(text) = arguments.next().and_then(literal) {
            self.refusals.insert(Refusal::Sentence(text));
        }
    }
}

/// The first member of each pair.
#[derive(Default)]
struct Texts {
    firsts: Vec<String>,
}

impl<'ast> Visit<'ast> for Texts {
    fn visit_expr_tuple(&mut self, pair: &'ast syn::ExprTuple) {
        self.firsts.extend(pair.elems.first().and_then(literal));
    }
}

/// The text of a literal, of a reference to one, or of `format!("..")` with its places as `…`.
fn literal(expression: &syn::Expr) -> Option<String> {
    match expression {
        syn::Expr::Lit(syn::ExprLit {
            lit: syn::Lit::Str(text),
            ..
        }) => Some(text.value()),
        syn::Expr::Reference(inner) => literal(&inner.expr),
        syn::Expr::Macro(made) if made.mac.path.is_ident("format") => {
            let first = made.mac.tokens.clone().into_iter().next()?;
            let text: syn::LitStr = syn::parse_str(&first.to_string()).ok()?;
            Some(blanks(&text.value()))
        }
        _ => None,
    }
}

/// A format string with `…` where something is put in.
fn blanks(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (_, after) = after.split_once('}').unwrap_or(("", ""));
        out += before;
        out.push('…');
        rest = after;
    }
    out + rest
}
