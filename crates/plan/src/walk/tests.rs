//! The forwarder's rules, verdict by verdict and way by way, and what holds whatever is sent.

mod answers;
mod changes;
mod conversation;
mod lab;
mod numbers;
mod refusals;
mod ways;
