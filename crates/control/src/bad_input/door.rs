//! The HTTP door in front of a store in memory, and signed calls at it.

use std::sync::Arc;

use aws::call::{Parts, Protocol};
use aws::{Service, sigv4};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::Request;
use http_body_util::BodyExt as _;
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use revlog::Memory;

use crate::open::{Config, Control, FirstKey, now};
use crate::regions::Regions;

pub(super) const REGION: &str = "us-east-1";

/// A control plane with its router, and the accounts that call at it.
pub(super) struct Door {
    control: Control,
    router: TowerToHyperService<Router>,
    runtime: tokio::runtime::Runtime,
    _folder: tempfile::TempDir,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) kind: String,
    pub(super) body: String,
}

impl Door {
    pub(super) fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (control, _) = Control::open(Config {
            log: Arc::new(Memory::new()),
            key_file: folder.path().join("key"),
            region: REGION.into(),
            dev: false,
            bounded: false,
            quotas: Vec::new(),
            allow_notify: Vec::new(),
            url: "http://127.0.0.1".into(),
            check_namespace: Box::new(|_| Ok(())),
        })
        .unwrap();
        Self {
            router: TowerToHyperService::new(crate::http::router(Regions::new(
                control.clone(),
                None,
            ))),
            control,
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap(),
            _folder: folder,
        }
    }

    /// A new account's key.
    pub(super) fn account(&self, name: &str) -> FirstKey {
        let inner = &self.control.inner;
        crate::api::ginnel::create_account(inner, name, None, false, None).unwrap()
    }

    /// Calls with a body as it is, rightly signed.
    pub(super) fn call(
        &self,
        who: &FirstKey,
        service: Service,
        operation: &str,
        body: &[u8],
    ) -> Answer {
        let mut headers = vec![("host".to_owned(), "ginnel".to_owned())];
        match service.protocol() {
            Protocol::Json(prefix) => {
                headers.push(("content-type".into(), "application/x-amz-json-1.1".into()));
                headers.push(("x-amz-target".into(), format!("{prefix}.{operation}")));
            }
            Protocol::Form(_) | Protocol::Own => {
                let kind = "application/x-www-form-urlencoded; charset=utf-8";
                headers.push(("content-type".into(), kind.into()));
            }
        }
        let key = sigv4::Key {
            id: &who.access_key_id,
            secret: &who.secret_access_key,
        };
        let parts = Parts {
            method: "POST",
            path: "/",
            query: "",
            headers: &headers,
            body,
        };
        let signed = sigv4::sign(&parts, key, REGION, service, now().0 / 1_000).unwrap();
        let mut request = Request::builder().method("POST").uri("/");
        for (name, value) in headers.iter().chain(&signed) {
            request = request.header(name, value);
        }
        let request = request.body(Body::from(Bytes::copy_from_slice(body)));
        self.runtime.block_on(async {
            let response = self.router.call(request.unwrap()).await.unwrap();
            let status = response.status().as_u16();
            let kind = response.headers()["content-type"].to_str().unwrap();
            let kind = kind.to_owned();
            let body = response.into_body().collect().await.unwrap().to_bytes();
            Answer {
                status,
                kind,
                body: String::from_utf8(body.to_vec()).unwrap(),
            }
        })
    }
}
