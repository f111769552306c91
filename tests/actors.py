"""Who acts in tests."""

from services.audit.actors import Actors, operator
from services.common.pseudonyms import Pseudonyms
from services.common.secrets import Keys

OPERATOR = operator("maria")
ACTORS = Actors(Pseudonyms(Keys(b"a key of thirty-two bytes or more")))
