"""Prompts as transformers tokenizes them and as AUTOMATIC1111's web UI 1.10.1 weighs and chunks them.

Usage: prompts.py TOKENIZER_DIR WEBUI_DIR OUT_DIR      writes tokens.json, attention.json and chunks.json
TOKENIZER_DIR: tokenizer/ of danlu-emoji in diffusers layout; WEBUI_DIR: a checkout of the web UI (its modules/prompt_parser.py and
modules/sd_hijack_clip.py are read, nothing else; the fixtures are from 1.10.1 as merged into Forge at 04c6ab68); OUT_DIR:
tests/fixtures.
Python 3.11 (Unicode 14), transformers 5.23.0, tokenizers 0.23.3.

tokens.json     cases: text -> ids of CLIPTokenizer without special tokens and truncation
attention.json  cases: text -> runs of parse_prompt_attention. Where A1111 fails on a weight that float() refuses, "fails" is true and
                the runs are those of the same function with a pattern that recognises only numbers; the two patterns agree wherever
                A1111 does not fail, which is checked here. fuzz: a hash of the runs of each text that Lcg draws from `alphabet`
chunks.json     cases: text, backtrack (comma_padding_backtrack) -> the token count shown, and for each chunk its 77 ids and its
                weights as [weight, how many] pairs
Weights are strings, so that no JSON reader rounds them and infinity has a form.
"""
import ast
import json
import pathlib
import re
import struct
import sys
import types
from collections import namedtuple

from transformers import CLIPTokenizer


def excerpt(path, names, **scope):
    """Executes only the named definitions of a module, wherever they stand in it."""
    wanted = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        targets = [t.id for t in getattr(node, "targets", []) if isinstance(t, ast.Name)]
        if getattr(node, "name", None) in names or any(t in names for t in targets):
            wanted.append(node)
    exec(compile(ast.Module(wanted, []), str(path), "exec"), scope)
    return types.SimpleNamespace(**{name: scope[name] for name in names}), scope


class Reference:
    def __init__(self, tokenizer_dir, webui):
        self.tokenizer = CLIPTokenizer.from_pretrained(tokenizer_dir, model_max_length=sys.maxsize)
        parser, self.scope = excerpt(
            webui / "modules/prompt_parser.py", ["re_attention", "re_break", "parse_prompt_attention"], re=re)
        self.parse = parser.parse_prompt_attention
        self.pattern = parser.re_attention
        number = r"[+-]?(?:\d+\.?\d*|\.\d+)"
        assert r"[+-]?[.\d]+" in self.pattern.pattern
        self.strict = re.compile(self.pattern.pattern.replace(r"[+-]?[.\d]+", number), re.X)
        self.opts = types.SimpleNamespace(emphasis="Original", comma_padding_backtrack=20)
        clip, _ = excerpt(
            webui / "modules/sd_hijack_clip.py", ["PromptChunk", "PromptChunkFix", "tokenize_line"],
            opts=self.opts, prompt_parser=types.SimpleNamespace(parse_prompt_attention=lambda text: self.runs(text)[0]),
            namedtuple=namedtuple)
        no_embeddings = types.SimpleNamespace(find_embedding_at_position=lambda tokens, position: (None, None))
        self.clip = types.SimpleNamespace(
            chunk_length=75, id_start=self.tokenizer.bos_token_id, id_end=self.tokenizer.eos_token_id,
            comma_token=self.tokenizer.get_vocab()[",</w>"], tokenize=self.ids,
            hijack=types.SimpleNamespace(embedding_db=no_embeddings))
        self.tokenize_line = lambda text: clip.tokenize_line(self.clip, text)

    def ids(self, texts):
        return self.tokenizer(texts, truncation=False, add_special_tokens=False)["input_ids"]

    def runs(self, text):
        """The runs, and whether A1111 fails on the text."""
        self.scope["re_attention"] = self.strict
        strict = self.parse(text)
        self.scope["re_attention"] = self.pattern
        try:
            runs = self.parse(text)
        except ValueError:
            return strict, True
        assert repr(runs) == repr(strict), text
        return runs, False

    def chunks(self, text, backtrack):
        self.opts.comma_padding_backtrack = backtrack
        chunks, count = self.tokenize_line(text)
        return [[c.tokens, repeats(c.multipliers)] for c in chunks], count


def repeats(values):
    pairs = []
    for value in values:
        if pairs and pairs[-1][0] == repr(value):
            pairs[-1][1] += 1
        else:
            pairs.append([repr(value), 1])
    return pairs


class Lcg:
    """Knuth's MMIX generator; the upper 31 bits."""

    def __init__(self, seed):
        self.state = seed

    def below(self, bound):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 33) % bound

    def text(self, alphabet):
        return "".join(alphabet[self.below(len(alphabet))] for _ in range(self.below(48)))


def fnv(runs):
    """FNV-1a, 32 bits, over each run's UTF-8, a byte 255 and its weight as a little-endian f64."""
    value = 0x811C9DC5
    for text, weight in runs:
        for byte in text.encode() + b"\xff" + struct.pack("<d", weight):
            value = ((value ^ byte) * 0x01000193) % 2**32
    return value


ALPHABET = [
    "(", ")", "[", "]", "(", ")", "[", "]", ":", "\\", ":1.3)", ": 0.5 )", ":-2)", ":.5)", ":1.2.3)", ":+3.)", "0", "1", "9", ".", "+",
    "-", " ", " ", "\n", "\t", "\u00a0", "\u001c", "\u3000", "a", "B", "_", ",", "BREAK", " BREAK ", "\nBREAK", "BRE", "AK", "AND",
    "é", "e\u0301", "\u0301", "火", "狐", "：", "１", "٣", "①", "²", "ก็", "🦊", "\u200b", "|", "<lora:x:1>", "\x00",
]
FUZZ = 2000
SEED = 20


TOKENS = """
a photo of a cat
A Photo Of A CAT
fox, noto, blue background
masterpiece, best quality, 1girl, solo, long_hair, looking_at_viewer
hello,world
hello , world
hello,, world,,,
,
, ,
,a
a,
don't
DON'T
I'm you're he's we'll they'd I've can't
I'M YOU'RE HE'S WE'LL THEY'D I'VE CAN'T
'LL 'Re 'S 'D 'T 'M 'VE
's
's's's
''s
a's'b
rock'n'roll
it’s “quoted” ‘text’
'
''
"
"double" 'single'
1
1234
1234567890
3.14159
1,000,000.50
2024-11-21T09:30:00Z
1girl2boys3cats
½ ¼ ¾ ⅓ ⅞
x² y³ H₂O CO₂
① ② ⑳ ❶ ㊿
Ⅰ Ⅳ ⅻ ↀ
٠١٢٣ ०१२३ ๑๒๓ 一二三 ０１２３
1st 2nd 3rd 100th
16:9 4k 8K uhd 1080p
+1 -1 ±1 1+1=2
:-)
:-) :-( ;-) :-D :-P :'(
^_^
^_^; -_-; >_< T_T o_O (o)_(o)
(o)_(o)
¯\\_(ツ)_/¯
(╯°□°)╯︵ ┻━┻
ʕ•ᴥ•ʔ
(◕‿◕✿)
<3 </3 <33
=) =( :) :( :o
\\o/ o7 m(_ _)m
🦊
🦊🐱🐶
🦊 🐱 🐶
a🦊b
👨‍👩‍👧‍👦
👩🏽‍🚀
👍🏻👍🏼👍🏽👍🏾👍🏿
🏳️‍🌈
🏴‍☠️
🇨🇳🇺🇸🇯🇵
🇨🇳 🇺🇸
🏴󠁧󠁢󠁥󠁮󠁧󠁿
❤️ ❤ ♥ ♡
☺️ ☺ ☻
1️⃣ #️⃣ *️⃣
😀😃😄😁😆😅🤣😂🙂🙃🫠
🧑🏿‍❤️‍💋‍🧑🏻
🫨🫷🏽🪿🪻
🦊's
™ © ® ℠
一只狐狸，蓝色背景
狐狸
一只 狐狸
丹炉炼丹术士
繁體中文：龍鳳麒麟
「引号」『双引号』《书名号》
，。！？；：、
（全角括号：１．２）
ＡＢＣ ａｂｃ １２３
美しい女性の肖像画
きつね キツネ ｷﾂﾈ
がぎぐげご
か\u3099き\u3099
ゟヿ々〆ヶ
여우 한국어 프롬프트
\u1100\u1161\u11a8
각
ㄱㄴㄷ ㅏㅑㅓ
ثعلب أزرق
اللغة العربية
مَرْحَبًا
שועל כחול
שָׁלוֹם
สุนัขจิ้งจอก
ภาษาไทย
लोमड़ी नीली
हिन्दी में
ক্ষ ত্র
தமிழ் நரி
ქართული მელა
Հայերեն աղվես
Лиса на синем фоне
ЛИСА Ёлка Їжак
αλεπού ΑΛΕΠΟΎ Σίσυφος ΣΊΣΥΦΟΣ
ΌΣΟΣ ὈΔΥΣΣΕΎΣ
İstanbul ISTANBUL ıstanbul
İ
I\u0307
ı
straße STRASSE STRAẞE
ẞ ß
ﬁre ﬂow ﬀ ﬃ ﬄ ﬅ
Ǆ ǅ ǆ Ĳ ĳ
Æsir Œuvre Øre Åse Ðorn Þor
café cafe\u0301
CAFÉ CAFE\u0301
n\u0303 ñ Ñ N\u0303
\u212b Å A\u030a
\u2126 Ω
\u212a K
e\u0301\u0302\u0303
a\u0328\u0301 a\u0301\u0328
Z\u0351\u036b\u0343a\u0322\u0321l\u0334\u0358g\u035co\u0321\u034f
Ẓ\u0337̷a̸̢l̵g̴̛o̶
\u0301
\u0301a
a \u0301 b
naïve résumé façade über
àáâãäåæçèéêëìíîïðñòóôõöøùúûüýþÿ
ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞ
Đặng Nguyễn tiếng Việt
ŻÓŁĆ żółć
ĀāĂăĄąĆćĈĉĊċČč
ℵ ℶ ∀x∈ℝ ∃y
∑ ∫ √ ∞ ≈ ≠ ≤ ≥
𝔉𝔬𝔵 𝕗𝕠𝕩 𝒻ℴ𝓍 𝗳𝗼𝘅
𝟎𝟏𝟐 𝟘𝟙𝟚
Ⓐⓑⓒ 🄰🅱🆎
ᴬᵇᶜ ₐₑₒ
𐍈 𐌰𐌱 𓀀𓃥 𠜎𠜱
𞤀𞤢 𐐀𐐨
\ud7ff\ue000\ufffd
\uffff \U0010ffff \ufffe
\ufdd0\ufdef
\ue000 \uf8ff
\U000f0000
a\u200bb
a\u200db\u200cc
\u200b
a\u00adb
a\u2060b
\ufeffa
\u202eabc\u202c
a\u034fb
\u2066x\u2069
a\tb
a\u000bb\u000cc
a\u00a0b
a\u2003b\u2009c
a\u3000b
a\u1680b\u2028c\u2029d
a\u0085b
a\u180eb
a\u001cb\u001fc
\u0000
a\u0000b
\u0001\u0002\u0003
\u0007bell\u001b[31m
\u007f
\u0080\u0081\u009f
many     spaces
\u00a0
\u3000\u3000
!!!
???
...
....
!?!?!?
!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!
-----
---a---
a--b
a-b-c
well-known state-of-the-art
a_b
_a_
__init__
a__b
a/b\\c|d
a.b.c
e.g. i.e. etc.
#hashtag #狐狸 #1
@user @@user
$100 €50 £20 ¥1000
50% 100%off
a&b &amp; &lt;br&gt; &#39;
<b>bold</b>
<lora:fox:0.8>
<hypernet:x:1>
{a|b|c} __colour__
[a:b:0.5] (c:1.2) [d|e]
((fox)), [[noto]], (blue:1.3)
\\(a\\) \\[b\\]
https://example.com/path?q=1&r=2#frag
user@example.com
C:\\Users\\fox\\image.png
/home/fox/图片.png
def f(x): return x**2
`code` ~tilde~ *star*
a~b a^b a=b
«guillemets» „low“ ‚single‘
– — ― ‐ ‑
… ‥ ·
• ◦ ▪ ■ ●
← ↑ → ↓ ⇒
♠ ♣ ♥ ♦ ♪ ♫
★ ☆ ✓ ✗
┌─┐│ │└─┘
█▓▒░
<|endoftext|>
<|startoftext|>
a<|endoftext|>b
<|endoftext|><|endoftext|>
<|ENDOFTEXT|>
<|EndOfText|> a
<|STARTOFTEXT|>x
<|endoftext|
<|endoftext|>'s
<<|endoftext|>>
<|end\u200boftext|>
<start_of_text> <end_of_text>
</w>
fox</w>
a</w>b
supercalifragilisticexpialidocious
pneumonoultramicroscopicsilicovolcanoconiosis
Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft
antidisestablishmentarianismantidisestablishmentarianism
qwrtypsdfghjklzxcvbnm
aAbBcCdD
CamelCaseWord snake_case_word kebab-case-word
xX_DarkFox_Xx
l33t sp34k
a1b2c3
v1.10.1-beta+3
BREAK AND OR NOT
a BREAK b
ｆｕｌｌｗｉｄｔｈ　ｔｅｘｔ
㍻ ㌔ ㎏ ㏄
ﷺ ﷽
\u0e33 \u0eb3
ཀྵ བོད་ཡིག
မြန်မာ
ខ្មែរ
ᚠᛇᚻ ᏣᎳᎩ
ꦗꦮ
Ꭰꭰ
ꙮ
˙ǝɹǝɥ
ʻokina Hawaiʻi
\u0130\u0131\u017f\u212a
\u1e9e\u1e9b\u0323
\u0345\u03b1\u0345
\u0958\u0929
\u2adc
\ufb1d\ufb2a
\U0001d15e
\uac00\u11a8
""".strip("\n").split("\n") + [
    "", " ", "\n", "a\nb", "a\r\nb", "a\rb", "\ta\n", "a \n\t b", "   leading", "trailing   ", "   both   ",
    " <|startoftext|> a <|endoftext|> ",
]


ATTENTION = r"""
normal text
an (important) word
(unbalanced
\(literal\]
(unnecessary)(parens)
a (((house:1.3)) [on] a (hill:0.5), sun, (((sky))).
(a)
[a]
((a))
[[a]]
([a])
[(a)]
(((((((((a)))))))))
[[[[[[[[[a]]]]]]]]]
(a:1.3)
(a:0)
(a:-1)
(a:+2)
(a:.5)
(a:5.)
(a:00.50)
(a:-.5)
(a:+.5)
(a: 1.3)
(a:1.3 )
(a: 1.3 )
(a :1.3)
(a:1 .3)
(a:- 1)
(a:1.2.3)
(a:.)
(a:..)
(a:+)
(a:-)
(a:+.)
(a:1..2)
(a:--1)
(a:1e5)
(a:inf)
(a:nan)
(a:1_0)
(a:0x10)
(a:1,3)
(a:)
(a: )
(:1.3)
(:)
()
[]
(())
([)]
(a[b)c]
[a(b]c)
(a [b (c] d) e
a:1.3)
a:1.3
:1.3)
:
::
a::b
a:b:c
(a:b:1.2)
(a:1.2:1.3)
(a:1.2)(b:1.2)
(a:1.2) (b:1.2)
[a:1.3]
[a:1.3)
[a:b:0.5]
[(a:1.3):0.5]
(a:1.3]
(a:1.3
)a(
]a[
))((
]][[
a)
a]
a))
(((
[[[
([
)
]
(
[
\
\\
\\\
\a
\\a
\(
\)
\[
\]
\:
\(a:1.3\)
(a\)
(a\):1.3)
(a\:1.3)
(a:1.3\)
(\(a\):1.3)
((a\)):1.3)
\\(a)
\\\(a)
(a\\)
(a\\:1.3)
[\[a\]]
C:\path\(x86\)
BREAK
BREAK BREAK
BREAKBREAK
a BREAK b
a BREAK
BREAK b
a  BREAK  BREAK  b
aBREAK
BREAKa
a_BREAK
BREAK_
BREAK1
1BREAK
BREAK,
,BREAK,
a,BREAK,b
break
Break
(BREAK)
[BREAK]
(a BREAK b)
(a BREAK b:1.3)
((a BREAK b:-1))
(BREAK:-1)
(B\REAK:-1)
(a:1.2) BREAK (b:1.3)
(a BREAK
a) BREAK
BREAK:
:BREAK
x:BREAK:y
BREAK\
\BREAK
(BREAK
断BREAK
BREAK断
①BREAK
²BREAK
ก็BREAK
🦊BREAK🦊
ＢＲＥＡＫ
(狐狸:1.2)
（狐狸:1.2）
（狐狸：1.2）
(狐狸：1.2)
(狐狸:１.２)
(狐狸:１．２)
(狐狸:1.2　)
(狐狸:　1.2)
(a:٣)
(a:-१.५)
(a:𝟏.𝟐)
(a:²)
(a:①)
(a:½)
【狐狸】「火」
(🦊:1.4)[🐱]
(👨‍👩‍👧‍👦)
(a:999999999999999999999999999999)
(a:0.000000000000000000000000000001)
(a:1.1)(b)
(a:1)(b:1.0)c
(a:1.10)(b:1.1)
(a:0)(b:-0)
((a:0):-1)b
(a:0.9090909090909091)[b]
((a:2):0.5)b
[(a)]b
([a])b
((((a)b)c)d)e
e(d(c(b(a))))
[a [b [c [d] e] f] g]
(a(b:2)c:3)d
(a[b:2)c]d
masterpiece, (best quality:1.2), [lowres], ((detailed))
(masterpiece), (1girl:1.1), solo, [[bad anatomy]], looking at viewer
<lora:fox:0.8> (fox:1.2)
{a|b} (c|d:1.1) [e|f]
a AND b
(a) AND (b:1.2) :0.5
''(')'(")"
(o)_(o)
:-) :-( (:
^_^ (>_<)
http://example.com:8080/(path)
16:9) (16:9)
at 12:30) noon
""".strip("\n").split("\n") + [
    "(a:\n1.3\t)", "a\nb", " BREAK ", "a\nBREAK\nb", " 断 BREAK 断 ", "é\u0301BREAK", "e\u0301BREAK", "\u0301BREAK",
    "\u3000BREAK\u3000a", "\u001cBREAK\u001fa", "a\u00a0BREAK\u00a0b", "\u200bBREAK\u200b", "(a:1\u200b)",
    "(a:\u001c1.5\u001f)", "(a:\u00851.5\u00a0)", "(a:\u20281.5\u2029)", "(a:\u200b1.5)", "  (  a  :  1.2  )  ", "\t(\ta\t)\n",
    "(a\r\n:1.2\r\n)", "\u0000(\u0000:1.2)",
    "", "(a:" + "9" * 400 + ")", "(a:-" + "9" * 400 + ")", "((a:0):" + "9" * 400 + ")b", "(a:" + "0" * 400 + "1)", "(a:1." + "3" * 60 + ")",
    "(" * 40 + "a" + ")" * 40, "[" * 40 + "a" + "]" * 40, "(" * 60 + "a", "[" * 60 + "a", "(a" * 30, "[a" * 30, "(a[b" * 20,
    "a)" * 20, "(a:1.01" * 10 + ")" * 10, "([" * 25 + "a" + ")]" * 25, "(" * 800 + "a" + ")" * 800, "[" * 900 + "a" + "]" * 900,
    "(a:0.000" + "1" * 400 + ")", "\\" * 31 + "(a)", "BREAK " * 12, "(BREAK " * 6, "\n\n(a\n\n:1.2)\n\n",
]


def words(*counts):
    """So many one-token words, with a comma between the groups."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    return ", ".join(" ".join(letters[(i + n) % 26] for i in range(n)) for n in counts)


CHUNKS = [
    ("", 20), (" ", 20), ("()", 20), ("a", 20), (",", 20), ("a, b", 20), ("一只狐狸，蓝色背景 🦊", 20),
    (words(74), 20), (words(75), 20), (words(76), 20), (words(149), 20), (words(150), 20), (words(151), 20), (words(225), 20),
    (words(226), 20), (words(74) + ",", 20), (words(75) + ",", 20), (words(75) + ", a", 20), (words(75) + ",,,", 20),
    (words(75) + " , , a", 20), (words(73) + ", a", 20), (words(73) + ", a b", 20), (words(74) + ", a b", 20),
    (words(55, 19), 20), (words(55, 20), 20), (words(54, 20), 20), (words(54, 21), 20), (words(53, 21), 20), (words(53, 22), 20),
    (words(56, 19), 20), (words(56, 18), 20), (words(10, 44, 20), 20), (words(10, 10, 53, 2), 20), (words(1, 74), 20),
    (words(1, 74), 100), (words(0, 75), 80), (words(55, 20), 0), (words(73, 2), 0), (words(73, 2), 1), (words(74, 2), 1),
    (words(54, 21), 21), (words(60, 20, 80, 10), 20), (words(60, 70, 70, 70), 20), (words(60, 90), 20), (words(70, 5, 70, 5, 70), 20),
    (words(74) + ", , , " + words(74), 20), (words(75) + ", " + words(75) + ", " + words(75), 20),
    ("BREAK", 20), ("BREAK BREAK", 20), ("a BREAK", 20), ("BREAK a", 20), ("a BREAK b", 20), ("a BREAK BREAK b", 20),
    ("BREAK a BREAK b BREAK", 20), (words(74) + " BREAK a", 20), (words(75) + " BREAK a", 20), (words(76) + " BREAK a", 20),
    (words(75) + " BREAK", 20), (words(70) + ", a BREAK " + words(80), 20), (words(60) + ", BREAK " + words(75) + " x", 20),
    ("(a BREAK b)", 20), ("(BREAK) a", 20), ("(B\\REAK:-1) a", 20), ("((a BREAK b:-1))", 20), ("(a:1.2) BREAK (b:1.3)", 20),
    (words(70) + " (a b c d e f g h:1.3) i", 20), ("(" + words(80) + ":1.2)", 20), ("[" + words(60, 30) + "] end", 20),
    (words(60) + ", (" + words(10) + ":1.4) [" + words(10) + "] x", 20), ("(" + words(74) + ",:0.5) a", 20),
    ("(a, " * 30 + ")" * 10, 20), (words(40) + " (x:1.5), " * 20, 20), ("(" + words(150) + ":-1.5)", 20),
    (words(72) + " don't stop", 20), (words(74) + " supercalifragilisticexpialidocious", 20), (words(60) + ", " + "狐狸" * 12, 20),
    (words(73) + " <|endoftext|> " + words(10), 20), ("a <|endoftext|> b", 20), (words(65) + ",🦊,👨‍👩‍👧‍👦,火", 20),
    ("masterpiece, best quality, (1girl:1.2), solo, [lowres], ((detailed background)), looking at viewer, " * 4, 20),
]


def write(path, head, cases):
    """One case a line, ASCII only, so that what a case holds can be seen."""
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    start = json.dumps(head)[:-1]
    path.write_text(f'{start}, "cases": [\n{lines}\n]}}\n', encoding="ascii")


def main(tokenizer_dir, webui, out):
    reference = Reference(tokenizer_dir, pathlib.Path(webui))
    out = pathlib.Path(out)
    tokens = list(dict.fromkeys(TOKENS))
    attention = list(dict.fromkeys(ATTENTION))

    write(out / "tokens.json", {"made_with": "transformers 5.23.0"}, [
        {"text": text, "ids": ids} for text, ids in zip(tokens, reference.ids(tokens))])

    cases = []
    for text in attention:
        runs, fails = reference.runs(text)
        case = {"text": text, "runs": [[run, repr(weight)] for run, weight in runs]}
        cases.append(case | {"fails": True} if fails else case)
    lcg = Lcg(SEED)
    hashes = [fnv(reference.runs(lcg.text(ALPHABET))[0]) for _ in range(FUZZ)]
    write(out / "attention.json", {"made_with": "A1111 1.10.1", "fuzz": {"seed": SEED, "alphabet": ALPHABET, "hashes": hashes}}, cases)

    cases = []
    for text, backtrack in CHUNKS:
        chunks, count = reference.chunks(text, backtrack)
        cases.append({"text": text, "backtrack": backtrack, "count": count,
                      "chunks": [{"tokens": ids, "weights": weights} for ids, weights in chunks]})
    write(out / "chunks.json", {"made_with": "A1111 1.10.1, transformers 5.23.0"}, cases)
    print(len(tokens), "texts,", len(attention), "prompts,", FUZZ, "fuzzed,", len(CHUNKS), "chunked")


if __name__ == "__main__":
    main(*sys.argv[1:4])
