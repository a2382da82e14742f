"""What can go wrong with keys and sealed values, each said by its own name."""


class CryptoError(Exception):
    """Something about keys or sealed values is wrong; ``str()`` is a Chinese sentence."""


class Tampered(CryptoError):  # noqa: N818 - "raises Tampered" is the promise people remember
    """A sealed value was changed, cut, or moved to a place it was not sealed for."""

    def __init__(self) -> None:
        super().__init__("密文被改动，或不属于现在这个位置，不能解密。请保留现场并联系系统管理员。")


class KeyFileError(CryptoError):
    """A key file or its folder is open to others, or cannot be read as a key."""


class MissingKeyError(CryptoError):
    """A key is asked for that is not in the folder."""


class Sm2UnavailableError(CryptoError):
    """No libcrypto that knows SM2 was found on this machine."""


class SelfTestError(CryptoError):
    """An algorithm does not give the published result on this machine."""
