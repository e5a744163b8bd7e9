"""The two digests that are ours, by their published vectors and against OpenSSL's legacy provider."""

import pytest

from muster.crypto.md4 import md4
from muster.crypto.whirlpool import whirlpool

# RFC 1320, A.5
MD4 = [
    ("", "31d6cfe0d16ae931b73c59d7e0c089c0"),
    ("a", "bde52cb31de33e46245e05fbdbd6fb24"),
    ("abc", "a448017aaf21d8525fc10ae87aa6729d"),
    ("message digest", "d9130a8164549fe818874806e1c7014b"),
    ("abcdefghijklmnopqrstuvwxyz", "d79e1c308aa5bbcdeea8ed63df412da9"),
    ("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", "043f8582f241db351ce627e153e7f0e4"),
    ("1234567890" * 8, "e33b4ddc9c38f2199c3e7b164fcc0536"),
]
# The ISO test vectors of Whirlpool
WHIRLPOOL = [
    (
        "",
        "19fa61d75522a4669b44e39c1d2e1726c530232130d407f89afee0964997f7a73e83be698b288febcf88e3e03c4f0757ea8964e59b63d93708b138cc42a66eb3",
    ),
    (
        "a",
        "8aca2602792aec6f11a67206531fb7d7f0dff59413145e6973c45001d0087b42d11bc645413aeff63a42391a39145a591a92200d560195e53b478584fdae231a",
    ),
    (
        "abc",
        "4e2448a4c6f486bb16b6562c73b4020bf3043e3a731bce721ae1b303d97e6d4c7181eebdb6c57e277d0e34957114cbd6c797fc9d95d8b582d225292076d4eef5",
    ),
    (
        "message digest",
        "378c84a4126e2dc6e56dcc7458377aac838d00032230f53ce1f5700c0ffb4d3b8421557659ef55c106b4b52ac5a4aaa692ed920052838f3362e86dbd37a8903e",
    ),
    (
        "abcdefghijklmnopqrstuvwxyz",
        "f1d754662636ffe92c82ebb9212a484a8d38631ead4238f5442ee13b8054e41b08bf2a9251c30b6a0b8aae86177ab4a6f68f673e7207865d5d9819a3dba4eb3b",
    ),
    (
        "abcdbcdecdefdefgefghfghighijhijk",
        "2a987ea40f917061f5d6f0a0e4644f488a7a5a52deee656207c562f988e95c6916bdc8031bc5be1b7b947639fe050b56939baaa0adff9ae6745b7b181c3be3fd",
    ),
]


@pytest.mark.parametrize(("message", "digest"), MD4)
def test_md4(message: str, digest: str) -> None:
    assert md4(message.encode()).hex() == digest


@pytest.mark.parametrize(("message", "digest"), WHIRLPOOL)
def test_whirlpool(message: str, digest: str) -> None:
    assert whirlpool(message.encode()).hex() == digest.lower()


# openssl 3.0.19, of messages around the length of a block
LENGTHS = [
    (
        31,
        "f0d154b63d69ad4df2591db679f509a7",
        "b2c04edbff591fd90506f72326d814b82612bd07414622e747c7de09206830c50fd9b685f23246580f0d7299aa427e6efb9deb073801e557f197d0c7a4401f57",
    ),
    (
        32,
        "36e2bc56dfb7649ed68089a7e5153109",
        "3725099b4619c5c85f96fb66af0cf661714afcfbdf2f792b26a83d9b0a581e3a40cdfcb4424621906ddaf6dcf689d1dd2d45dd586ca894ced9a27ff2b53a50ce",
    ),
    (
        55,
        "b77cb51b9c65b7227f8509dbaf47bfb3",
        "ec16ac77bef3fa567cfe4130bef807db481e95e14702ad232eb1c10c89830c45b573cd994b4ea32177c514c5e1d7ca6548671ecf7740791eff46f027d3754bde",
    ),
    (
        56,
        "a6813b0c496d64cb128bd969cbcf41ea",
        "ff9c08fdd52d419adb35e835e7b8de333f4fda43d179214d944e038956dbeb3321af46ecd20dfedabd8216745e798a4649b23a2a7ddb0ac10fa6d98de4b06b79",
    ),
    (
        63,
        "ce34e3da0343c6c67b4a53809abcdc67",
        "3250d1ef9379493f5d4d060c879358030308722e4fcffe81efcb91d2c10a25c3121e3e1b7795650bacbe2fc65143198cbbc4bf3855afdf854e0f5e47794ce30b",
    ),
    (
        64,
        "f72f56e16165d0e75f6ee423cb6d09ed",
        "d78691bb2c80ff470b0fc024f25f41adcbb7fe295279dcebfa725e3b10b3b0a37b9aea5e47fb6a1b9909c83b5109912975522e20a1910a321b623bc28f9f7466",
    ),
    (
        65,
        "480e960554e8efafe90738de1ab14d21",
        "9d209c01be0868f856a3d8b107567d8f588d92ac0d777223a0c3db51adacb0fdc37fd59fe5cf5de6a213888002f40a4cce3f49de50c82c0c8756cc600f611063",
    ),
    (
        119,
        "990b1b66de9df18e599a1cdbd4a3be70",
        "6bf2323fd99bc29add6a4d296528a3c3b22f263839c27543817920f4d1eed07aec0e37a7bef5a462c6d658a08400947c3414b358879fcb5c8da8ac5c0903218d",
    ),
    (
        1000,
        "f8efe78bb96fb67cc174b719b6320d24",
        "1bf76de30cebba326d91d10f5881328b6c7d0732c8ec96f261e0b3487ecbaa12e6a46d43b4040a92350a9393d15138d9300f1b2809e2860270596745dd700963",
    ),
]


@pytest.mark.parametrize(("length", "of_md4", "of_whirlpool"), LENGTHS)
def test_messages_around_the_length_of_a_block(length: int, of_md4: str, of_whirlpool: str) -> None:
    message = b"m" * length
    assert (md4(message).hex(), whirlpool(message).hex()) == (of_md4, of_whirlpool)
