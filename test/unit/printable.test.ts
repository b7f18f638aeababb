import { describe, expect, it } from 'vitest';
import { printable, printableJson } from '../../src/printable.js';

const unsafe: [what: string, character: string, shown: string][] = [
  ['a C0 control', '\u001b', '\\x1b'],
  ['NUL', '\0', '\\x00'],
  ['a line feed', '\n', '\\x0a'],
  ['a carriage return', '\r', '\\x0d'],
  ['a tab', '\t', '\\x09'],
  ['DEL', '\u007f', '\\x7f'],
  ['the C1 control CSI', '\u009b', '\\x9b'],
  ['a soft hyphen', '\u00ad', '\\xad'],
  ['a combining grapheme joiner', '\u034f', '\\u{034f}'],
  ['an Arabic letter mark', '\u061c', '\\u{061c}'],
  ['a Hangul filler', '\u3164', '\\u{3164}'],
  ['a Mongolian vowel separator', '\u180e', '\\u{180e}'],
  ['a zero width space', '\u200b', '\\u{200b}'],
  ['a zero width non-joiner', '\u200c', '\\u{200c}'],
  ['a zero width joiner between letters', '\u200d', '\\u{200d}'],
  ['a left-to-right mark', '\u200e', '\\u{200e}'],
  ['a right-to-left mark', '\u200f', '\\u{200f}'],
  ['a line separator', '\u2028', '\\u{2028}'],
  ['a paragraph separator', '\u2029', '\\u{2029}'],
  ['an embedding', '\u202a', '\\u{202a}'],
  ['an override', '\u202e', '\\u{202e}'],
  ['a word joiner', '\u2060', '\\u{2060}'],
  ['an isolate', '\u2066', '\\u{2066}'],
  ['the end of an isolate', '\u2069', '\\u{2069}'],
  ['a variation selector behind a letter', '\ufe0f', '\\u{fe0f}'],
  ['a byte order mark', '\ufeff', '\\u{feff}'],
  ['an interlinear annotation', '\ufff9', '\\u{fff9}'],
  ['a noncharacter', '\ufdd0', '\\u{fdd0}'],
  ['a private character', '\ue000', '\\u{e000}'],
  ['a private character of a higher plane', '\u{f0000}', '\\u{f0000}'],
  ['a tag', '\u{e0041}', '\\u{e0041}'],
  ['a variation selector of a higher plane', '\u{e0100}', '\\u{e0100}'],
  ['the first half of a surrogate pair', '\ud83d', '\\u{d83d}'],
  ['the second half of a surrogate pair', '\ude00', '\\u{de00}'],
];

const ordinary = [
  'plain text, with "quotes", a \\ and <markup>',
  'é e\u0301 漢字 ひらがな 한국어 русский עברית العربية हिन्दी ไทย',
  'a no-break\u00a0space',
  '😀 👍🏽 ❤️',
  '👩‍💻 👩🏽‍💻 👨‍👩‍👧 🏳️‍🌈 🤷🏽‍♀️',
  '🇩🇪 1️⃣ #️⃣',
];

describe('printable', () => {
  it.each(unsafe)('shows %s by its number', (_, character, shown) => {
    expect(printable(`a${character}b`)).toBe(`a${shown}b`);
    expect(printable(character.repeat(2))).toBe(shown.repeat(2));
  });

  it.each(ordinary)('leaves as it is: %s', (text) => {
    expect(printable(text)).toBe(text);
  });

  it('shows what is invisible between the parts of emoji', () => {
    expect(printable('😀\u200d')).toBe('😀\\u{200d}');
    expect(printable('😀\u200d\u200d😀')).toBe('😀\\u{200d}\\u{200d}😀');
    expect(printable('❤\ufe0f\ufe0f')).toBe('❤\ufe0f\\u{fe0f}');
    expect(printable('1\ufe0f')).toBe('1\\u{fe0f}');
    expect(printable('🏴\u{e0067}\u{e007f}')).toBe('🏴\\u{e0067}\\u{e007f}');
  });

  it('leaves no command to a terminal in any text of one or two bytes per character', () => {
    const all = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code)).join('');
    expect(printable(all)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/u);
  });
});

describe('printableJson', () => {
  it.each(unsafe)('escapes %s, and keeps the value', (_, character) => {
    const value = { [`name${character}`]: [`a${character}b`, 1, null] };
    const text = printableJson(value);
    expect(text).toMatch(/^[\x20-\x7e]*$/);
    expect(JSON.parse(text)).toEqual(value);
  });

  it.each(ordinary)('leaves as JSON has it: %s', (text) => {
    expect(printableJson([text])).toBe(JSON.stringify([text]));
  });

  it('indents by lines', () => {
    const value = { name: 'a\nb', list: [1] };
    expect(printableJson(value, 1)).toBe(JSON.stringify(value, null, 1));
  });
});
