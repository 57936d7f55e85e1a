//! The table of keys holds together: one meaning in one place, each explained, narrow places before wide ones.

use super::*;

#[test]
fn no_key_means_two_things_in_one_place() {
    for (index, binding) in BINDINGS.iter().enumerate() {
        for other in &BINDINGS[index + 1..] {
            if binding.place == other.place {
                for key in binding.keys {
                    assert!(
                        !other.keys.contains(key),
                        "{key} in {:?}: {} and {}",
                        binding.place,
                        binding.help,
                        other.help
                    );
                }
            }
        }
    }
}

#[test]
fn every_binding_is_explained() {
    for binding in BINDINGS {
        assert!(!binding.help.is_empty() && !binding.keys.is_empty(), "{binding:?}");
    }
}

#[test]
fn a_narrow_place_hides_the_same_key_of_a_wide_one() {
    let places = [Place::In(Pane::Console), Place::Incident, Place::Everywhere];
    assert_eq!(intent(Key::Ctrl('c'), &places), Some(Intent::Interrupt));
    assert!(applying(&places).all(|(binding, _)| binding.intent != Intent::Leave));
}
