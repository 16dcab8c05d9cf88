//! The pattern betrays damage, and the sequence counts what it should.

use super::*;

fn verify(pieces: &[&[u8]]) -> Received {
    let mut verifier = Verifier::default();
    for piece in pieces {
        verifier.take(piece);
    }
    verifier.result(([127, 0, 0, 1], 1).into())
}

#[test]
fn the_pattern_is_the_same_in_any_pieces() {
    let mut whole = vec![0; 1000];
    fill(0, &mut whole);
    let (mut left, mut right) = (vec![0; 333], vec![0; 667]);
    fill(0, &mut left);
    fill(333, &mut right);
    assert_eq!([left.clone(), right.clone()].concat(), whole);
    assert_eq!(verify(&[&whole]), verify(&[&left, &right]));
    assert_eq!(verify(&[&whole]).first_wrong, None);
}

#[test]
fn a_lost_piece_is_noticed_where_it_is_missing() {
    let mut whole = vec![0; 1000];
    fill(0, &mut whole);
    let damaged = verify(&[&whole[..400], &whole[408..]]);
    let at = damaged.first_wrong.expect("damage");
    assert!((400..408).contains(&at), "{at}");
    assert_ne!(damaged.checksum, verify(&[&whole]).checksum);
}

#[test]
fn the_sequence_tells_loss_from_reordering_and_doubles() {
    let (mut state, mut seen) = (Sequence::default(), BTreeSet::new());
    for number in [0, 1, 4, 3, 3, 6] {
        note(&mut state, &mut seen, number);
    }
    assert_eq!(
        (
            state.received,
            state.lost,
            state.duplicates,
            state.reordered,
            state.highest
        ),
        (5, 2, 1, 1, Some(6))
    );
}
