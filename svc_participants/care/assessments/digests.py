"""What an instrument says, as one number: alike for alike wording, whatever the file looks like.

The number is kept in the database (``UsedInstrumentRow``), so it must stay what it is over the
releases: whatever is added to instruments later enters only where a file says it.
"""

import hashlib

import orjson

from svc_participants.care.assessments.instruments import Instrument, Item, Score


def digest_of(instrument: Instrument) -> str:
    """Return the SHA-256 of what an instrument asks and how it counts, in hexadecimal.

    For which sites it is says nothing of what was asked, and may change.
    """
    content = [
        instrument.key,
        instrument.version,
        instrument.title,
        instrument.source,
        instrument.is_intake,
        [
            [each.key, each.title, each.category, [_item(item) for item in each.items]]
            for each in instrument.sections
        ],
        [_score(each) for each in instrument.scores],
    ]
    return hashlib.sha256(orjson.dumps(content)).hexdigest()


def _item(item: Item) -> list[object]:
    options = [[each.code, each.text, each.points] for each in item.options]
    return [item.key, item.text, item.kind, item.is_required, options, item.least, item.most]


def _score(score: Score) -> list[object]:
    bands = [[each.least, each.most, each.meaning] for each in score.bands]
    return [score.key, score.title, score.category, score.items, bands]
