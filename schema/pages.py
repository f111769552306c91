"""Where a page of a connection is in its list."""

from typing import Annotated

import strawberry

from services.common.pages import MAX_PAGE


@strawberry.type(description="Where a page is in its list (https://relay.dev/graphql/connections.htm).")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether the list goes on after this page.")
    has_previous_page: bool = strawberry.field(description="Always false, since lists are only read forward.")
    start_cursor: str | None = strawberry.field(description="The cursor of the first edge; null for an empty page.")
    end_cursor: str | None = strawberry.field(
        description="The cursor of the last edge, for `after`; null for an empty page, unless the list says otherwise."
    )

    @classmethod
    def of(cls, cursors: list[str], *, has_next_page: bool, end: str | None = None) -> "PageInfo":
        """With `end`, the page ends there, and not with its last edge."""
        return cls(
            has_next_page=has_next_page,
            has_previous_page=False,
            start_cursor=cursors[0] if cursors else None,
            end_cursor=end or (cursors[-1] if cursors else None),
        )


After = Annotated[
    str | None,
    strawberry.argument(description="The cursor after which the page begins; omit it to begin with the first."),
]
First = Annotated[int, strawberry.argument(description=f"The largest number of edges, from 1 to {MAX_PAGE}.")]
