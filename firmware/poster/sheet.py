"""The sheet: where everything stands.

From above: a dark band with the site and the headline, the steps in their order, what is measured
and kept beside the venue code, and a dark band with whom to ask. The bands and the notices are as
high as their text; the steps share what is left. Where that is too little, everything but the
headline is set a little closer, down to what can still be read, and then it is refused.
"""

from typing import Final

from firmware.errors import UserError
from firmware.poster import colours, pictograms, words
from firmware.poster.address import host_of
from firmware.poster.columns import (
    Column,
    Line,
    Sizes,
    first,
    name,
    one_line,
    paragraph,
    second,
    side_by_side,
)
from firmware.poster.lettering import LEADING, Face, Setting, check_letters, fitted, size_for_m
from firmware.poster.logo import read_logo
from firmware.poster.model import Poster, Tongue, checked
from firmware.poster.page import HEIGHT_MM, WIDTH_MM, Page
from firmware.qrcode import dark_runs

HEADLINE_M: Final = 3.0
"""From how far the headline can be read, in metres; on A3 it is 1.4 times that."""
DENSITIES: Final = (1.0, 0.92, 0.85)
"""How close everything else is set, tried in this order."""
SMALLEST: Final = 3.0
"""The smallest type, read from 44 cm by the rule of `lettering.DISTANCE_PER_HEIGHT`."""

MARGIN: Final = 16.0
GUTTER: Final = 8.0
_INNER = WIDTH_MM - 2 * MARGIN
_HEADLINE = size_for_m(HEADLINE_M)
_HEADLINE_SECOND = 7.8
_SITE: Sizes = (6.0, 4.2)
_SITE_LINES_MAX = 3
_LOGO_WIDTH_MAX, _LOGO_HEIGHT, _LOGO_FRAME = 30.0, 12.0, 2.0
_STEP_TITLE = 8.2
_STEP_TEXT: Sizes = (4.9, 3.8)
_STEP_SECOND: Sizes = (4.0, 3.2)
_STEP_ROW = 31.0
"""Height of a row in which a step has its full size of type."""
_STEP_LINES_MAX = 2
_ROW_MIN, _ROW_MAX = 20.0, 44.0
_TILE_MAX = 29.0
_NUMBER, _NUMBER_WIDTH = 13.0, 14.0
_HEADING = 4.6
_BODY, _SECOND = 3.7, 3.15
_CARD = 52.0
_CARD_TITLE, _CARD_SECOND = 5.4, 3.8
_HOST: Sizes = (4.2, SMALLEST)
_CONTACT: Sizes = (4.8, 3.4)
_CONTACT_LINES_MAX = 6
_ASIDE = 3.5


def render(poster: Poster) -> bytes:
    """The poster as a PDF of one page. The same poster gives the same bytes.

    Raises:
        UserError: a text can't be printed or does not fit, or the logo is none.
    """
    poster = checked(poster)
    place = " ".join(poster.policy.refer_to.split())
    for text in (poster.title, poster.contact, place):
        check_letters(text)
    for density in DENSITIES:
        sheet = _Sheet(poster, place, density)
        if sheet.row >= _ROW_MIN:
            return sheet.draw()
    raise UserError(
        "The texts leave no room for the steps; shorten --title, --contact or the policy's "
        "refer_to, or print one language."
    )


class _Sheet:
    """One sheet at one density: everything measured first, then drawn."""

    def __init__(self, poster: Poster, place: str, density: float) -> None:
        self._poster = poster
        self._tongue = poster.tongue
        self._density = density
        self._page = Page(poster.paper, bleed=poster.bleed)
        self._logo = read_logo(poster.logo) if poster.logo else None
        self._logo_width = _logo_width(*self._logo.getSize()) if self._logo else 0.0
        self._padding = 7.0 * density
        self._card = _CARD * density
        room = _INNER - (self._logo_width + GUTTER if self._logo else 0)
        self._site = name(poster.title, _SITE, room, _SITE_LINES_MAX, "--title")
        self._above_code, self._below_code = self._code_columns()
        self._notices = self._notice_columns()
        self._contacts = self._contact_columns(place)
        self._aside = paragraph(
            side_by_side(words.ASSISTANCE, self._tongue), self._size(_ASIDE), _INNER
        )
        self._steps = words.steps_of(poster.policy)
        between = HEIGHT_MM - self._head_height - self._notices_height - self._foot_height
        self.row = min((between - 7) / len(self._steps), _ROW_MAX)
        """Height of a step, millimetres."""

    def draw(self) -> bytes:
        """The PDF."""
        page, poster = self._page, self._poster
        page.ground(0, HEIGHT_MM, colours.PAPER)
        foot = HEIGHT_MM - self._foot_height
        notices = foot - self._notices_height
        self._draw_head()
        self._draw_steps(self._head_height, notices)
        page.ground(notices, foot, colours.TINT)
        self._draw_notices(notices)
        page.ground(foot, HEIGHT_MM, colours.PETROL)
        self._draw_foot(foot)
        return page.finish(f"{first(words.HEADLINE, self._tongue)}: {poster.title}", poster.title)

    def _size(self, size_mm: float) -> float:
        return max(size_mm * self._density, SMALLEST)

    # --- the head ---

    @property
    def _site_height(self) -> float:
        return max(self._site.height_mm, _LOGO_HEIGHT + 2 * _LOGO_FRAME if self._logo else 0.0)

    @property
    def _head_top(self) -> float:
        return 11.0 * self._density

    @property
    def _head_height(self) -> float:
        below = _HEADLINE_SECOND * LEADING + 6.5 if second(words.HEADLINE, self._tongue) else 8.0
        return self._head_top + self._site_height + 0.5 + _HEADLINE * 1.12 + below

    def _draw_head(self) -> None:
        page = self._page
        page.ground(0, self._head_height, colours.PETROL)
        top = self._head_top
        if self._logo:
            frame, left = _LOGO_FRAME, WIDTH_MM - MARGIN - self._logo_width
            chip = self._logo_width, _LOGO_HEIGHT + 2 * frame
            page.card(left, top, chip, 2.5, colours.PAPER)
            inner = self._logo_width - 2 * frame, _LOGO_HEIGHT
            page.picture(self._logo, left + frame, top + frame, inner)
        page.text(
            MARGIN, top + (self._site_height - self._site.height_mm) / 2, self._site, colours.FOAM
        )
        top += self._site_height + 0.5
        headline = one_line(first(words.HEADLINE, self._tongue), Face.BOLD, _HEADLINE, _INNER)
        # A large letter's own white makes it look set in: a millimetre out aligns it by eye.
        page.text(MARGIN - 1, top, headline, colours.PAPER, tracking=-0.02)
        if words_below := second(words.HEADLINE, self._tongue):
            setting = one_line(words_below, Face.REGULAR, _HEADLINE_SECOND, _INNER)
            page.text(MARGIN, top + _HEADLINE * 1.16, setting, colours.FOAM)

    # --- the steps ---

    def _draw_steps(self, top: float, bottom: float) -> None:
        page, row, count = self._page, self.row, len(self._steps)
        tile = min(row - 3.5, _TILE_MAX)
        left = MARGIN + _NUMBER_WIDTH
        start = top + (bottom - top - row * count) / 2
        page.rule(left + tile / 2, start + row / 2, start + row * (count - 0.5), 1.1, colours.FOAM)
        for number, step in enumerate(self._steps, 1):
            centre = start + row * (number - 0.5)
            page.card(left, centre - tile / 2, (tile, tile), 4, colours.TINT)
            inset = tile * 0.12
            with page.square(
                left + inset, centre - tile / 2 + inset, tile - 2 * inset, pictograms.SIDE
            ) as canvas:
                pictograms.draw(canvas, step.picture)
            numeral = one_line(str(number), Face.BOLD, _NUMBER, _NUMBER_WIDTH)
            page.text(MARGIN, centre - _NUMBER * 0.62, numeral, colours.PETROL)
            column = self._step_column(step, _INNER - _NUMBER_WIDTH - tile - 7)
            column.draw(page, left + tile + 7, centre - column.height / 2)

    def _step_column(self, step: words.Step, width: float) -> Column:
        title, text = step.sign.headline, step.sign.instruction
        scale = min(self.row / _STEP_ROW, 1.0)

        def told(sentence: str, sizes: Sizes) -> Line:
            largest, smallest = max(sizes[0] * scale, sizes[1]), sizes[1]
            colour = colours.INK if sizes is _STEP_TEXT else colours.SLATE
            setting = fitted(
                sentence, Face.REGULAR, (largest, smallest), width, _STEP_LINES_MAX, "A step"
            )
            return Line(setting, colour, 0.4)

        heading = one_line(first(title, self._tongue), Face.BOLD, _STEP_TITLE * scale, width)
        lines = [Line(heading, colours.PETROL), told(first(text, self._tongue), _STEP_TEXT)]
        if self._tongue is Tongue.BOTH:
            lines.append(told(f"{title.english}. {text.english}", _STEP_SECOND))
        return Column(tuple(lines))

    # --- the notices, and the venue code ---

    @property
    def _code_side(self) -> float:
        """Of the code with its quiet zone."""
        return self._card - 4

    @property
    def _card_height(self) -> float:
        texts = self._above_code.height + self._below_code.height
        return texts + self._code_side + 7 if self._poster.address else 0.0

    @property
    def _notices_height(self) -> float:
        one, other = (column.height for column in self._notices)
        if not self._poster.address:
            return max(one, other) + 2 * self._padding
        return max(one + 4 + other, self._card_height) + 2 * self._padding

    def _notice_columns(self) -> tuple[Column, Column]:
        beside = self._card + GUTTER
        width = _INNER - beside if self._poster.address else (_INNER - GUTTER) / 2
        return (
            self._notice_column(words.measured(self._poster.policy), width),
            self._notice_column(words.kept(self._poster), width),
        )

    def _notice_column(self, notice: words.Notice, width: float) -> Column:
        heading, text = notice.heading, notice.text
        title = one_line(first(heading, self._tongue), Face.BOLD, self._size(_HEADING), width)
        body = paragraph(first(text, self._tongue), self._size(_BODY), width)
        lines = [Line(title, colours.PETROL), Line(body, colours.INK, 0.6)]
        if self._tongue is Tongue.BOTH:
            both = f"{heading.english}: {text.english[0].lower()}{text.english[1:]}"
            below = paragraph(both, self._size(_SECOND), width)
            lines.append(Line(below, colours.SLATE, 1.3 * self._density))
        return Column(tuple(lines))

    def _draw_notices(self, top: float) -> None:
        page, (one, other) = self._page, self._notices
        if not self._poster.address:
            one.draw(page, MARGIN, top + self._padding)
            other.draw(page, WIDTH_MM / 2 + GUTTER / 2, top + self._padding)
            return
        height = self._notices_height
        gap = min((height - 2 * self._padding - one.height - other.height) / 2, GUTTER)
        upper = top + (height - one.height - gap - other.height) / 2
        one.draw(page, MARGIN, upper)
        other.draw(page, MARGIN, upper + one.height + gap)
        self._draw_code(top + (height - self._card_height) / 2)

    def _code_columns(self) -> tuple[Column, Column]:
        """What stands above the code and below it."""
        if not self._poster.address:
            return Column(()), Column(())
        width, sign, tongue = self._card - 6, words.CHECK_IN, self._tongue
        heading = one_line(first(sign.headline, tongue), Face.BOLD, _CARD_TITLE, width)
        hint = one_line(first(sign.instruction, tongue), Face.REGULAR, self._size(_SECOND), width)
        above, below = [Line(heading, colours.PETROL)], [Line(hint, colours.INK)]
        if tongue is Tongue.BOTH:
            heading = one_line(sign.headline.english, Face.REGULAR, _CARD_SECOND, width)
            above.append(Line(heading, colours.SLATE))
            hint = one_line(sign.instruction.english, Face.REGULAR, SMALLEST, width)
            below.append(Line(hint, colours.SLATE))
        below.append(Line(_host(self._poster.address, width), colours.INK, 0.8))
        return Column(tuple(above)), Column(tuple(below))

    def _draw_code(self, top: float) -> None:
        page, left = self._page, WIDTH_MM - MARGIN - self._card
        page.card(left, top, (self._card, self._card_height), 4, colours.PAPER)
        top += 3.5
        self._above_code.draw(page, left, top, centre_width=self._card)
        top += self._above_code.height
        runs, modules = dark_runs(self._poster.address)
        page.cells(left + 2, top, runs, self._code_side / modules)
        self._below_code.draw(page, left, top + self._code_side, centre_width=self._card)

    # --- the foot ---

    @property
    def _contacts_height(self) -> float:
        return max((column.height + 3 for column in self._contacts), default=0.0)

    @property
    def _foot_height(self) -> float:
        return self._padding + self._contacts_height + self._aside.height_mm + 7.5

    def _contact_columns(self, place: str) -> list[Column]:
        told = (
            (words.HELP, self._poster.contact, "--contact"),
            (words.UNWELL, place, "The policy's refer_to"),
        )
        given = [each for each in told if each[1]]
        width = self._contact_width(len(given))
        columns = []
        for heading, text, what in given:
            title = side_by_side(heading, self._tongue)
            above = one_line(title, Face.REGULAR, self._size(_ASIDE), width)
            below = name(text, _CONTACT, width, _CONTACT_LINES_MAX, what)
            columns.append(Column((Line(above, colours.FOAM), Line(below, colours.PAPER, 0.6))))
        return columns

    def _contact_width(self, count: int) -> float:
        return (_INNER - GUTTER * (count - 1)) / max(count, 1)

    def _draw_foot(self, top: float) -> None:
        top += self._padding
        width = self._contact_width(len(self._contacts))
        for number, column in enumerate(self._contacts):
            column.draw(self._page, MARGIN + number * (width + GUTTER), top)
        self._page.text(MARGIN, top + self._contacts_height, self._aside, colours.FOAM)


def _logo_width(width_px: int, height_px: int) -> float:
    """Of its white chip: as wide as its shape needs, within bounds."""
    wide = min(max(_LOGO_HEIGHT * width_px / height_px, _LOGO_HEIGHT), _LOGO_WIDTH_MAX)
    return wide + 2 * _LOGO_FRAME


def _host(address: str, width: float) -> Setting:
    """The host of an address, its lines broken before a dot where it needs several."""
    setting = name(host_of(address).replace(".", " ."), _HOST, width, 3, "The host of --url")
    lines = tuple(line.replace(" .", ".") for line in setting.lines)
    return Setting(lines, setting.face, setting.size_mm)
