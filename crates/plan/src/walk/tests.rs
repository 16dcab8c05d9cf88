//! The forwarder's rules, verdict by verdict and way by way, and what holds whatever is sent.

mod conversation;
mod lab;
mod refusals;
mod ways;
