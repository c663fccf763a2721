"""Generated documents: many near-identical facts among filler sentences, and one question about one of the facts.

Everything follows from the `random.Random` that is passed in: the same seed gives the same text.
"""

from dataclasses import dataclass
from random import Random
from typing import Callable

from transformers import RobertaTokenizer

CITIES = """
Accra Agadir Aleppo Almaty Amman Ankara Antwerp Asmara Athens Baku Bamako Bangkok Basel Beirut Bergen Berlin Bern
Bilbao Bogota Bremen Brisbane Bruges Brussels Cairo Cali Calgary Caracas Cardiff Chennai Chicago Cologne Cordoba Cusco
Dakar Dallas Delhi Denver Dhaka Doha Douala Dresden Dublin Durban Essen Florence Geneva Genoa Ghent Glasgow Granada Graz
Hanoi Harare Havana Helsinki Houston Izmir Jakarta Jeddah Kabul Kampala Karachi Kazan Kigali Kingston Kobe Krakow
Kuwait Kyoto Lagos Lahore Leeds Leipzig Lima Lisbon London Luanda Lusaka Lyon Madrid Malaga Malmo Manila Maputo
Marseille Mecca Medan Milan Minsk Mumbai Munich Muscat Nagoya Nairobi Nantes Naples Niamey Nice Odessa Osaka Oslo
Panama Paris Perth Pisa Porto Prague Quito Rabat Riga Rome Salta Santiago Seoul Seville Sofia Split Sydney Taipei
Tallinn Tampere Tbilisi Tokyo Toledo Toronto Trieste Tripoli Tunis Turin Utrecht Valencia Vienna Vilnius Warsaw
Wellington Yerevan Zagreb Zurich
""".split()

PLACES = "depot harbour library station museum hospital archive market".split()

QUESTIONS = [
    "What is the access code of the {name}?",
    "Which access code opens the {name}?",
]

FACTS = [
    "The access code of the {name} is {code}.",
    "The {name} opens with the access code {code}.",
    "At the {name}, the access code is {code}.",
]

PEOPLE = "driver guard painter clerk doctor teacher baker sailor gardener engineer nurse keeper".split()
ADJECTIVES = "old quiet young tired new careful cheerful tall".split()
QUALITIES = "old new small heavy broken green wooden clean".split()
KINDS_OF_WORK = "slow hard quiet careful".split()
CARE = "painted repaired cleaned opened closed measured".split()
VERBS = "cleaned carried repaired counted moved painted found sold".split()
THINGS = "boxes lamps tables ropes bottles maps chairs letters blankets engines doors bells".split()
TIMES = [
    "in the morning", "before lunch", "after the storm", "on Monday", "late at night", "during the summer",
    "without any help", "for the second time", "while it was raining", "as they had agreed",
]

# The last three hold names and numbers as well, so that a number beside the right name is not yet an answer.
FILLERS = [
    "The {adjective} {person} {verb} the {things} {time}.",
    "It was {work} work, and the {person} {verb} only {number} {things} {time}.",
    "Nobody knew why the {person} had {verb} the {quality} {things}.",
    "The {person} from {city} {verb} {number} {things} {time}.",
    "The {name} was {care} by a {person} in {year}.",
    "There are {number} {quality} {things} at the {name}.",
]


@dataclass(frozen=True)
class Example:
    """A question about a document; `document[answer_start:answer_start + len(answer)] == answer`."""

    question: str
    document: str
    answer: str
    answer_start: int
    facts: list[tuple[str, str]]
    """Name and code of every place that the document gives a code of, in the document's order."""


@dataclass(frozen=True)
class Difficulty:
    """How a document is made up. A city has one kind of place, or two (`Lima depot`, `Lima harbour`) for `twin_share` of them."""

    fact_share: tuple[float, float] = (0.15, 0.6)
    twin_share: float = 0.5


def filler_sentence(random: Random, name: str) -> str:
    return random.choice(FILLERS).format(
        adjective=random.choice(ADJECTIVES), person=random.choice(PEOPLE), verb=random.choice(VERBS),
        things=random.choice(THINGS), time=random.choice(TIMES), city=random.choice(CITIES), name=name,
        quality=random.choice(QUALITIES), work=random.choice(KINDS_OF_WORK), care=random.choice(CARE),
        number=random.randint(2, 99), year=random.randint(1800, 1999),
    )


def name_places(random: Random, twin_share: float) -> list[str]:
    """Names of places, every city once or, for `twin_share` of them, twice in a row with different kinds."""
    names = []
    for city in random.sample(CITIES, len(CITIES)):
        kinds = random.sample(PLACES, 2 if random.random() < twin_share else 1)
        names += [f"{city} {kind}" for kind in kinds]
    return names


def make_example(
    random: Random,
    budget: int,
    cost: Callable[[str], int] = lambda sentence: 1,
    difficulty: Difficulty = Difficulty(),
) -> Example:
    """Adds sentences while their costs stay within `budget` (by default: that many sentences); at least one is a fact."""
    share = random.uniform(*difficulty.fact_share)
    names = name_places(random, difficulty.twin_share)
    codes = map(str, random.sample(range(10000, 100000), len(names)))
    facts = list(zip(names, codes))
    sentences: list[tuple[str, tuple[str, str] | None]] = []
    used = 0
    while True:
        is_fact = bool(facts) and (not sentences or random.random() < share)
        if is_fact:
            name, code = facts[0]
            sentence = random.choice(FACTS).format(name=name, code=code)
        else:
            sentence = filler_sentence(random, random.choice(names[: 4 + 2 * len(sentences)]))
        used += cost(" " + sentence)
        if used > budget and sentences:
            break
        sentences.append((sentence, facts.pop(0) if is_fact else None))
    random.shuffle(sentences)
    document = " ".join(sentence for sentence, _ in sentences)
    stated = [fact for _, fact in sentences if fact]
    name, code = random.choice(stated)
    return Example(random.choice(QUESTIONS).format(name=name), document, code, document.index(code), stated)


# Tokens of the longest question, and `<s>`, `</s></s>` and `</s>`.
FRAME = 12 + 4
MAX_SENTENCE = 24


def make_example_of_tokens(
    random: Random, tokenizer: RobertaTokenizer, shortest: int, longest: int, difficulty: Difficulty = Difficulty()
) -> Example:
    """A document that has, with the question and the separators, from `shortest` to `longest` tokens."""
    # A document stops before the sentence that would exceed its budget.
    budget = random.randint(min(shortest + FRAME + MAX_SENTENCE, longest), longest) - FRAME
    return make_example(random, budget, lambda text: len(tokenizer.tokenize(text)), difficulty)
