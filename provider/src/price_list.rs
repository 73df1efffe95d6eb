//! The price list whose hash stands on chain.
//!
//! Its canonical form is one line of JSON without spaces, members and entries in the order of their names. Every class of tokens
//! is named with its price, also where the file leaves it to its parent, so that two files with the same prices have one hash.

use {
    crate::{
        config::{GpuConfig, ModelConfig},
        price::Price,
    },
    blockable_sdk::amounts::Units,
    serde::{Deserialize, Serialize},
    sha2::{Digest, Sha256},
    std::collections::BTreeMap,
};

/// Names the form, so that its hash serves no other purpose.
const FORMAT: &str = "blockable/prices/v1";

/// The prices of all that a provider has on offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceList {
    text: String,
    hash: [u8; 32],
    models: BTreeMap<String, Price>,
    gpus: BTreeMap<String, Units>,
}

/// The canonical form. Its fields stand in the order of their names.
#[derive(Serialize, Deserialize)]
struct Document {
    format: String,
    gpus: Vec<GpuEntry>,
    models: Vec<ModelEntry>,
}

#[derive(Serialize, Deserialize)]
struct GpuEntry {
    name: String,
    units_per_second: Units,
}

#[derive(Serialize, Deserialize)]
struct ModelEntry {
    name: String,
    units_per_1k: BTreeMap<String, Units>,
}

impl PriceList {
    /// The list of models and GPUs.
    pub fn new(models: &[ModelConfig], gpus: &[GpuConfig]) -> PriceList {
        let models = models.iter().map(|model| (model.name.clone(), model.price)).collect();
        let gpus = gpus.iter().map(|gpu| (gpu.name.clone(), gpu.units_per_second)).collect();
        PriceList::from_prices(models, gpus)
    }

    fn from_prices(models: BTreeMap<String, Price>, gpus: BTreeMap<String, Units>) -> PriceList {
        let model = |(name, price): (&String, &Price)| ModelEntry {
            name: name.clone(),
            units_per_1k: price.classes().map(|(class, units)| (class.to_string(), units)).into(),
        };
        let gpu =
            |(name, units): (&String, &Units)| GpuEntry { name: name.clone(), units_per_second: *units };
        let document = Document {
            format: FORMAT.to_string(),
            gpus: gpus.iter().map(gpu).collect(),
            models: models.iter().map(model).collect(),
        };
        // Texts and numbers always have a form in JSON.
        let text = serde_json::to_string(&document).unwrap_or_default();
        let hash = Sha256::digest(text.as_bytes()).into();
        PriceList { text, hash, models, gpus }
    }

    /// Reads a canonical form; `None` where it is none.
    pub fn read(text: &str) -> Option<PriceList> {
        let document: Document = serde_json::from_str(text).ok()?;
        let models = document.models.into_iter().map(|entry| {
            let class = |name: &str| entry.units_per_1k.get(name).copied();
            let price = Price {
                prompt: class("prompt")?,
                cached: class("cached"),
                prompt_image: class("prompt_image"),
                prompt_audio: class("prompt_audio"),
                generated: class("generated")?,
                reasoning: class("reasoning"),
                generated_image: class("generated_image"),
                generated_audio: class("generated_audio"),
            };
            Some((entry.name, price))
        });
        let models = models.collect::<Option<_>>()?;
        let gpus = document.gpus.into_iter().map(|entry| (entry.name, entry.units_per_second)).collect();
        let list = PriceList::from_prices(models, gpus);
        (list.text == text).then_some(list)
    }

    /// Its canonical form.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// SHA-256 of its canonical form, which stands on chain as `price_list_hash`.
    pub fn hash(&self) -> [u8; 32] {
        self.hash
    }

    /// The price of a model; `None` where the list has none.
    pub fn model(&self, name: &str) -> Option<Price> {
        self.models.get(name).copied()
    }

    /// The units per second of a GPU; `None` where the list has none.
    pub fn gpu(&self, name: &str) -> Option<Units> {
        self.gpus.get(name).copied()
    }
}

#[cfg(test)]
mod tests {
    use {super::*, blockable_service::hex};

    fn list(models: &[(&str, Price)]) -> PriceList {
        let models: Vec<_> = models.iter().map(|(name, price)| ModelConfig::echo(name, *price)).collect();
        let gpu = GpuConfig { name: "h100".to_string(), units_per_second: Units(25), count: 8 };
        PriceList::new(&models, &[gpu])
    }

    #[test]
    fn the_form_names_every_class_in_order() {
        let price = Price { cached: Some(Units(10)), ..Price::new(Units(100), Units(400)) };
        let list = list(&[("b \"quoted\"", price), ("a", Price::new(Units(1), Units(0)))]);
        assert_eq!(
            list.text(),
            "{\"format\":\"blockable/prices/v1\",\"gpus\":[{\"name\":\"h100\",\"units_per_second\":25}],\"models\":[\
             {\"name\":\"a\",\"units_per_1k\":{\"cached\":1,\"generated\":0,\"generated_audio\":0,\"generated_image\":0,\
             \"prompt\":1,\"prompt_audio\":1,\"prompt_image\":1,\"reasoning\":0}},\
             {\"name\":\"b \\\"quoted\\\"\",\"units_per_1k\":{\"cached\":10,\"generated\":400,\"generated_audio\":400,\
             \"generated_image\":400,\"prompt\":100,\"prompt_audio\":100,\"prompt_image\":100,\"reasoning\":400}}]}"
        );
        assert_eq!(hex::encode(list.hash()), hex::encode(Sha256::digest(list.text())));
    }

    #[test]
    fn the_same_prices_have_one_hash_and_others_another() {
        let price = Price::new(Units(100), Units(400));
        let explicit = Price { cached: Some(Units(100)), reasoning: Some(Units(400)), ..price };
        let cheaper = Price { cached: Some(Units(99)), ..price };
        let one = list(&[("a", price), ("b", explicit)]);
        assert_eq!(one.hash(), list(&[("b", price), ("a", price)]).hash());
        assert_ne!(one.hash(), list(&[("a", cheaper), ("b", price)]).hash());
        assert_ne!(one.hash(), list(&[("a", price)]).hash());
    }

    #[test]
    fn a_list_is_read_back_from_its_form_alone() {
        let price = Price { cached: Some(Units(10)), ..Price::new(Units(100), Units(400)) };
        let one = list(&[("a", price)]);
        let read = PriceList::read(one.text()).unwrap();
        assert_eq!((read.hash(), read.gpu("h100")), (one.hash(), Some(Units(25))));
        assert_eq!(read.model("a").unwrap().classes(), price.classes());
        assert_eq!(read.model("b"), None);
        for other in ["", "{}", &one.text().replace(':', ": "), &one.text().replace("v1", "v2")] {
            assert_eq!(PriceList::read(other), None, "{other}");
        }
    }
}
