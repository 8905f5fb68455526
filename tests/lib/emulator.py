"""The screen of a terminal: what is seen after the octets that a program has written.

As xterm: the last column is filled without a wrap, which comes with the next character. A new size cuts off what is
too long and rearranges nothing. An unknown control sequence is an error: no program under test may use one.
"""

import codecs
import re
import unicodedata

CONTROL = re.compile(r"\x1b\[([0-9;]*)([@-~])|\x1b(?:[=>78]|\[\?[0-9]+[hl])")


def width_of(character):
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


class Emulator:
    def __init__(self, rows, columns):
        self.rows, self.columns = rows, columns
        self.lines = [[" "] * columns for _ in range(rows)]
        self.row = self.column = 0
        self.bells = 0
        self._wraps = False  # the last column is filled; the next character goes to the next row
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""  # of a control sequence

    def display(self):
        return ["".join(line).rstrip() for line in self.lines]

    def cursor(self):
        """Row, and column; the column behind the last one where the next character wraps."""
        return self.row, self.columns if self._wraps else self.column

    def resize(self, rows, columns):
        while self.row >= rows:  # the cursor's row stays
            self.lines.pop(0)
            self.row -= 1
        self.lines = [(line + [" "] * columns)[:columns] for line in self.lines[:rows]]
        self.lines += [[" "] * columns for _ in range(rows - len(self.lines))]
        self.rows, self.columns = rows, columns
        self.column = min(self.column, columns - 1)
        self._wraps = False

    def feed(self, octets):
        text, self._rest = self._rest + self._decoder.decode(octets), ""
        while text:
            if text[0] == "\x1b":
                found = CONTROL.match(text)
                if not found:
                    if len(text) > 20 or text[1:2] not in ("", "["):
                        raise ValueError(f"unknown control sequence: {text[:20]!r}")
                    self._rest = text
                    return
                self._control(found[1] or "", found[2])
                text = text[found.end():]
            else:
                self._character(text[0])
                text = text[1:]

    def _character(self, character):
        if character == "\a":
            self.bells += 1
        elif character == "\r":
            self._go(self.row, 0)
        elif character == "\b":
            self._go(self.row, self.column - 1)
        elif character == "\n":
            self._line_feed()
        elif character >= " ":
            self._draw(character, width_of(character))
        else:
            raise ValueError(f"unknown control character: {character!r}")

    def _draw(self, character, width):
        if width == 0:
            return
        if self._wraps or self.column + width > self.columns:
            self._wraps = False
            self.column = 0
            self._line_feed()
        self.lines[self.row][self.column] = character
        if width == 2:
            self.lines[self.row][self.column + 1] = ""
        self.column += width
        if self.column == self.columns:
            self.column -= 1
            self._wraps = True

    def _line_feed(self):
        self._wraps = False
        if self.row + 1 < self.rows:
            self.row += 1
        else:
            self.lines = self.lines[1:] + [[" "] * self.columns]

    def _go(self, row, column):
        self._wraps = False
        self.row = min(max(row, 0), self.rows - 1)
        self.column = min(max(column, 0), self.columns - 1)

    def _control(self, parameters, final):
        numbers = [int(number) if number else 0 for number in parameters.split(";")]
        count, line = numbers[0] or 1, self.lines[self.row]
        if final in "ABCD":
            down, right = {"A": (-1, 0), "B": (1, 0), "C": (0, 1), "D": (0, -1)}[final]
            self._go(self.row + down * count, self.column + right * count)
        elif final == "G":
            self._go(self.row, count - 1)
        elif final == "K" and numbers[0] == 0:
            line[self.column:] = [" "] * (self.columns - self.column)
        elif final == "J" and numbers[0] == 0:
            line[self.column:] = [" "] * (self.columns - self.column)
            self.lines[self.row + 1:] = [[" "] * self.columns for _ in range(self.rows - self.row - 1)]
        elif final == "@":
            line[self.column:self.column] = [" "] * count
            del line[self.columns:]
        elif final == "P":
            del line[self.column:self.column + count]
            line += [" "] * (self.columns - len(line))
        elif final:
            raise ValueError(f"unknown control sequence: {parameters}{final}")
