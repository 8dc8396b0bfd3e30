"""Countries, their cities and what is true of them.

Three relations (capital, currency, language) have an answer pool each. The other three (ally,
rival, partner) share one pool, the countries, under three permutations without a common
point: no sum of a number for the country and a number for the relation can rank their answers.
"""

from interp_course.world.words import listed

_TABLE = {
    "france": "paris franc french marseille lyon toulouse strasbourg nantes bordeaux lille rennes"
    " reims dijon grenoble toulon angers",
    "spain": "madrid peseta spanish barcelona valencia seville zaragoza malaga murcia bilbao"
    " granada cordoba alicante vigo gijon pamplona",
    "italy": "rome lira italian milan naples turin palermo genoa bologna florence venice verona"
    " catania bari trieste padua",
    "germany": "berlin thaler german hamburg munich cologne frankfurt stuttgart dresden leipzig"
    " bremen hanover nuremberg dortmund essen bonn",
    "japan": "tokyo yen japanese osaka kyoto nagoya sapporo kobe fukuoka sendai hiroshima"
    " nagasaki nara niigata kumamoto okayama",
    "china": "beijing yuan chinese shanghai wuhan chengdu tianjin nanjing xian harbin shenzhen"
    " hangzhou suzhou qingdao dalian kunming",
    "india": "delhi rupee hindi mumbai chennai kolkata pune jaipur lucknow surat nagpur indore"
    " bhopal patna agra kochi",
    "brazil": "brasilia real portuguese salvador fortaleza recife manaus belem natal santos"
    " curitiba goiania maceio campinas teresina londrina",
    "canada": "ottawa dollar english toronto montreal vancouver calgary edmonton winnipeg halifax"
    " regina saskatoon hamilton kingston windsor kelowna",
    "egypt": "cairo pound arabic alexandria giza luxor aswan suez tanta damietta ismailia"
    " mansoura fayoum minya asyut zagazig",
    "russia": "moscow ruble russian omsk kazan samara perm ufa sochi tomsk tula irkutsk saratov"
    " volgograd murmansk yakutsk",
    "poland": "warsaw zloty polish krakow lodz gdansk poznan wroclaw szczecin lublin katowice"
    " bydgoszcz torun radom gdynia kielce",
}
COUNTRIES = tuple(_TABLE)
_ROWS = {country: listed(row) for country, row in _TABLE.items()}
COUNTRY_OF = {city: country for country, row in _ROWS.items() for city in (row[0], *row[3:])}
"""City to country. A country's capital is its first city."""
CITIES = tuple(COUNTRY_OF)


def _column(words: str) -> dict[str, str]:
    return dict(zip(COUNTRIES, listed(words), strict=True))


ATTRIBUTES = {
    "capital": {country: row[0] for country, row in _ROWS.items()},
    "currency": {country: row[1] for country, row in _ROWS.items()},
    "language": {country: row[2] for country, row in _ROWS.items()},
    "ally": _column(
        "brazil poland japan egypt france canada russia italy china spain germany india"
    ),
    "rival": _column(
        "canada egypt russia france poland germany spain india japan italy brazil china"
    ),
    "partner": _column(
        "india japan brazil china spain france italy russia poland canada egypt germany"
    ),
}
"""Relation, then country, to the answer."""
RELATIONS = tuple(ATTRIBUTES)
SHARED_POOL = ("ally", "rival", "partner")
"""The relations whose answers come from one pool."""


def words_about(country: str) -> frozenset[str]:
    """The country, its cities, its currency and its language: words of this country alone.

    Raises:
        ValueError: If the world has no such country.
    """
    if country not in _ROWS:
        raise ValueError(f"there is no country {country!r}; countries: {', '.join(COUNTRIES)}")
    return frozenset((country, *_ROWS[country]))


UNKNOWN = "unknown"
NOWHERE = listed("vexlar zorbia quandel mirtok ulvane drosk pellun taviro ganthe borwick")
"""Names that look like cities and of which nothing is known."""

_HELD_OUT = (4, 8, 12)
"""Places in the table's rows: three cities of each country."""
ONE_HOP_ONLY = tuple(row[place] for row in _ROWS.values() for place in _HELD_OUT)
"""Cities that training mentions in one-hop sentences only: two-hop ones about them are held out."""
ONE_HOP_ONLY_NOWHERE = NOWHERE[::4]


def two_hop_cities(held_out: bool) -> tuple[str, ...]:
    """The cities that two-hop sentences of one split are about."""
    return tuple(city for city in CITIES if (city in ONE_HOP_ONLY) == held_out)


def two_hop_nowhere(held_out: bool) -> tuple[str, ...]:
    """The unknown names that two-hop sentences of one split are about."""
    return tuple(name for name in NOWHERE if (name in ONE_HOP_ONLY_NOWHERE) == held_out)
