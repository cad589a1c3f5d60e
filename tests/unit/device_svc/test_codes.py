"""The six digits and their hashes."""

from collections import Counter

from device_svc.domain.codes import KeyedHash, new_code, same


def test_a_code_has_six_digits_and_may_begin_with_zeros():
    codes = [new_code() for _ in range(2000)]

    assert all(len(code) == 6 and code.isdecimal() for code in codes)
    assert set(Counter(code[0] for code in codes)) == set("0123456789")


def test_the_hash_depends_on_key_purpose_and_text():
    hashes = [
        KeyedHash("one").of("registration", "123456"),
        KeyedHash("two").of("registration", "123456"),
        KeyedHash("one").of("sign_in", "123456"),
        KeyedHash("one").of("registration", "123457"),
    ]

    assert len(set(hashes)) == 4
    assert same(hashes[0], KeyedHash("one").of_code("123456"))
    assert not same(hashes[0], hashes[3])
