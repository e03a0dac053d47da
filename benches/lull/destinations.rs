//! Destinations that nobody calls.

use anyhow::Result;
use lull::core::chat::Name;
use lull::spec::DestinationSpec;
use lull::store::Store;
use lull::store::config::{Kind, Mode};

/// Writes so many, beside the one of the environment, which is always there.
pub(crate) async fn write(store: &Store, count: usize) -> Result<()> {
    for number in 0..count {
        let spec = DestinationSpec {
            name: format!("d{number}"),
            url: format!("http://host{number}.example/hook"),
            ..DestinationSpec::default()
        };
        let name = Name::parse(&spec.name)?;
        let config = store.config();
        config
            .write(Kind::Destination, &name, &spec, Mode::Any, None, None)
            .await?;
    }
    Ok(())
}
