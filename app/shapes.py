"""The shape of a document: its tokens without literals, so that the log can name it and reveal no value."""

import hashlib
from collections.abc import Iterator

from graphql import DocumentNode, Token, TokenKind

_LITERALS = frozenset({TokenKind.STRING, TokenKind.BLOCK_STRING, TokenKind.INT, TokenKind.FLOAT})
_BEFORE_NAMES = frozenset({TokenKind.DOLLAR, TokenKind.AT})
_DIGITS = 16  # hexadecimal


def shape_of(document: DocumentNode) -> str:
    """Returns a digest that is the same for documents that differ only in literals, comments and layout.

    Takes linear time. The document has its tokens, as `parse` leaves them by default.
    """
    return hashlib.sha256(" ".join(_tokens(document)).encode()).hexdigest()[:_DIGITS]


def _tokens(document: DocumentNode) -> Iterator[str]:
    if document.loc is None:
        raise ValueError("a document without its tokens")
    in_definitions: list[bool] = []  # for each open parenthesis: whether it holds definitions of variables
    in_default = False
    previous, token = document.loc.start_token, _next(document.loc.start_token)
    while token and token.kind is not TokenKind.EOF:
        kind, following = token.kind, _next(token)
        if kind in _LITERALS:
            yield "_"
        elif kind is not TokenKind.NAME:
            if kind is TokenKind.PAREN_L:
                in_definitions.append(following is not None and following.kind is TokenKind.DOLLAR)
            elif kind is TokenKind.PAREN_R:
                in_definitions.pop()
            in_default = kind is TokenKind.EQUALS or (in_default and kind not in _BEFORE_NAMES)
            yield kind.value
        elif not in_definitions or _is_key(previous, following) or (in_definitions[-1] and not in_default):
            yield token.value or ""
        else:  # a Boolean, null, or a member of an enum
            yield "_"
        previous, token = token, following


def _is_key(previous: Token, following: Token | None) -> bool:
    """Whether a name in parentheses is that of a variable, a directive, an argument or an input's field."""
    return previous.kind in _BEFORE_NAMES or (following is not None and following.kind is TokenKind.COLON)


def _next(token: Token) -> Token | None:
    following = token.next
    while following and following.kind is TokenKind.COMMENT:
        following = following.next
    return following
