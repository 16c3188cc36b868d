#!/usr/bin/env python3
"""Writes the golden answers of Python's jinja2 to pieces of templates: tokenizer/src/test/resources/.../template-goldens.jsonl.

Needs jinja2 3.1.6 from PyPI and nothing else; the environment is set up as Hugging Face's libraries do it. A line each:
{"t": template, "c": variables, "e": what it renders to, or null where it raises}.

    python3 make_template_goldens.py ../resources/dev/jebena/tokenizer/template/template-goldens.jsonl
"""
import datetime
import itertools
import json
import sys

import jinja2
import jinja2.ext
from jinja2.sandbox import ImmutableSandboxedEnvironment

NOW = datetime.datetime(2025, 7, 10, 12, 0, 0)


class Generation(jinja2.ext.Extension):
    """The tag around a model's own turns, which is a call block to jinja2."""

    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("_pass", []), [], [], body).set_lineno(line)

    def _pass(self, caller):
        return caller()


def raise_exception(message):
    raise jinja2.exceptions.TemplateError(message)


def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def environment():
    env = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols])
    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = raise_exception
    env.globals["strftime_now"] = lambda format: NOW.strftime(format)
    return env


VARIABLES = {
    "s": "Hello, World",
    "t": "  two\nlines\t\u00e9\U0001f600 ",
    "e": "",
    "n": 7,
    "m": -3,
    "z": 0,
    "f": 2.5,
    "g": -0.1,
    "big": 12345678901234567890,
    "yes": True,
    "no": False,
    "nothing": None,
    "l": [3, 1, 2],
    "w": ["b", "A", "c", "a"],
    "d": {"b": 1, "a": [1, {"x": None}], "C": "\u00fc<&>'\""},
    "u": [{"name": "Bo", "age": 3, "x": {"y": 1}}, {"name": "al", "age": 5}, {"name": "Cy", "age": 3, "x": {"y": 0}}],
    "tree": [{"v": 1, "c": [{"v": 2, "c": []}, {"v": 3, "c": [{"v": 4, "c": []}]}]}, {"v": 5, "c": []}],
}


def expressions():
    """Expressions that are printed."""
    yield from """
1+2*3 | 1
-1|abs
-n|abs
(-n)|abs
2**3**2
-2**2
2**-1
-2**-1
2**0.5
0**0
7//2
-7//2
7//-2
-7%3
7%-3
-7.5//2
7.5%-2
-7.5%2
1/2
4/2
7/3
1e3
1.5e300*1e10
1e16
1e15
123456789012345678.0
0.1+0.2
1e-5
0.0001
-0.0
1.0
100.0
1_000
0x1F
0b101
0o17
1_0.5_0
big
big+1
big*big
-big//7
big%97
big/3
9223372036854775807+1
-9223372036854775808-1
9223372036854775807*2
2**64
2**100
10**20/10**18
yes+yes
yes+1.5
-yes
+yes
yes*3
not yes
not not yes
not n == 7
1 == 1.0
1 == true
true == 1.0
1 is sameas true
1 is sameas 1
true is sameas true
none is sameas none
"1" == 1
[1,2] == [1.0,true+1]
(1,2) == [1,2]
(1,2) == (1,2)
{"a":1} == {"a":1.0}
none == none
none == false
1 < 2 < 3
1 < 3 < 2
3 > 2 >= 2 == 2 != 3
1 < 2 in [2,3]
"a" in "abc"
"a" not in "abc"
"" in ""
1 in [1.0]
true in [1]
"x" in d
"b" in d
1 in (1,2)
1 not in ()
none in [none]
[1] in [[1]]
n in l
"a" < "b"
"a" < "B"
[1,2] < [1,3]
[1,2] < [1,2,0]
(1,2) <= (1,2)
"\U0001f600" < "\uffff"
1 < 1.5
true > false
1 and 2
0 and 2
0 or 2
"" or []
[] or "" or 0
1 or missing.x
0 and missing.x
1 if yes
1 if no
(1 if no) is defined
1 if no else 2 if no else 3
1 if yes else missing.x
(1 if yes) if yes
"a" ~ 1 ~ none ~ true ~ 1.0 ~ [1,'a'] ~ missing
1 ~ 2 + 3
1 + 2 ~ 3
"a" "b" 'c'
"a" * 3
3 * "a"
"a" * -1
"a" * true
[1] * 2
2 * (1,)
[1] + [2]
(1,) + (2,)
"a" + "b"
"%s" % 1
"%s %s" % (1, 2)
"%(a)s" % {"a": 1}
"%d%%" % 5
"%5d|%-5d|%05d|%+d|% d" % (1,2,3,4,5)
"%x %X %o %#x %#o" % (255,255,8,255,8)
"%.2f|%8.3f|%-8.1f|%+.0f|%08.2f" % (1.005, 2.5, 3.25, 0.5, -1.5)
"%e %E %.0e %.3e" % (12345.678, 0.00012, 2.5, 0)
"%g %g %g %g %.3g %#g" % (100000, 1000000, 0.0001, 0.00001, 1234.5, 1.0)
"%s %r %a" % ("\u00e9'", "\u00e9'", "\u00e9'")
"%c%c" % (65, "b")
"%i %u" % (3.9, -3.9)
"%*d|%-*d|%.*f" % (5, 1, 5, 2, 2, 3.14159)
"%5s|%-5s|%.2s|%5.1s" % ("abc", "abc", "abc", "abc")
"%s" % missing
"x" % missing
"x" % [1]
"x" % {}
"%s" % [1]
"%s" % (none,)
"%d" % true
"%d" % big
"%(a)s %(b)5d" % {"a": "x", "b": 3}
"%% %s" % 1
s[0]
s[-1]
s[99]
s[1:4]
s[:5]
s[-5:]
s[::-1]
s[::2]
s[10:2:-3]
s[5:2]
s[99:]
s[-99:3]
s[none:3]
s[true:3]
t[6]
t[-2]
t[8:]
l[0]
l[-1]
l[3]
l[3] is defined
l[1:]
l[::-1]
l["0"]
l[1.0]
l[true]
l[::2]
(1,2,3)[1:]
(1,2,3)[0]
(1,)
()
(1,2)
(1,2,)
[1,2,]
{"a":1,}
{}
[]
{"a":1,"a":2}
{1:"a",true:"b",1.0:"c"}
{(1,2):3}
{none:1}
{true:1}[1]
{1:2}[true]
{1:2}[1.0]
d.b
d["b"]
d.a.1.x
d.a[1]["x"]
d.nope
d["nope"]
d.items
d["items"] is callable
d.get("b")
d.get("q")
d.get("q", 5)
d.get("q", default=5)
d.keys()
d.values()
d.items()
d.keys()|list
d.items()|list
d.items()|length
d.items()[0]
d.keys()[0]
d.copy()
d.update is defined
d.update({})
d.pop("b")
d.clear is callable
l.append(1)
l.append is defined
l.sort()
l.count(1)
l.index(2)
l.index(9)
l.copy()
l.pop
(1,2,1).count(1)
(1,2).index(2)
s.__class__
s.__class__ is defined
s.__class__.__mro__
d.__class__
missing
missing is defined
missing.x
missing.x.y
missing["x"]
missing[0]
missing()
missing + 1
1 + missing
missing ~ "x"
missing == missing
missing == none
missing == ""
missing != other_missing
missing in [1]
1 in missing
missing|length
missing|list
missing|default
missing|default("x")
""|default("x")
""|default("x", true)
none|default("x")
none|default("x", boolean=true)
0|d(5, true)
missing.x|default("x")
missing is callable
missing is sequence
missing is iterable
missing is mapping
missing is none
missing is string
-missing
not missing
missing < 1
1 < missing
missing|int
missing|float
missing|string
missing|upper
missing|join
missing|first
missing|last
missing|tojson
missing|sum
missing|max
missing|reverse|list
missing|items|list
missing|map("upper")|list
missing|trim
missing|replace("a","b")
missing|indent
missing|truncate
missing|dictsort
missing|round
missing|abs
missing[1:2]
[missing]
[missing]|join(",")
{"a": missing}
none.x
none.x is defined
none["x"]
none[0]
none()
none + 1
none|length
none|int
none|float
none|string
none|upper
none|tojson
none|join
none ~ ""
n.x
n.real
n.bit_length()
f.is_integer()
n.numerator
f()
s()
"abc".upper()
"abc".upper
s.upper()
s.lower()
s.title()
s.capitalize()
s.swapcase()
s.casefold()
"\u00dfStra\u00dfe".casefold()
"\u00df".upper()
"\u00df".capitalize()
"\u00df".title()
"\ufb01x".capitalize()
"\ufb01x".title()
"\u01c6".title()
"\u01c6".upper()
"\u0130".lower()
"\u03a3\u03a3".lower()
"they're bill's".title()
"a-b c_d 1e".title()
s.center(20)
s.center(21, "*")
"ab".center(5, "*")
"abc".center(6, "*")
s.ljust(15, ".") ~ "|"
s.rjust(15)
s.zfill(15)
"-5".zfill(5)
"+5".zfill(5)
"5".zfill(0)
s.strip("Hd")
t.strip()
t.lstrip()
t.rstrip()
t.strip(none)
t.strip(" \n")
"xxabcxx".strip("x")
"xxabcxx".lstrip("x")
"xxabcxx".rstrip("xc")
"abc".strip("")
s.split()
s.split(",")
s.split(", ")
s.split("l", 1)
s.split("l", maxsplit=1)
s.split(sep="o")
s.split(none, 1)
t.split()
" a  b ".split(" ")
" a  b c ".split(none, 1)
" a  b c ".rsplit(none, 1)
"a,b,c".rsplit(",", 1)
"a,b,c".rsplit(",")
"aaa".split("aa")
"aaa".rsplit("aa")
"".split()
"".split(",")
s.split("")
"a\nb\r\nc\rd\x0be\x0cf\x1cg\x85h\u2028i".splitlines()
"a\nb\n".splitlines()
"a\nb\n".splitlines(true)
"a\n\nb".splitlines(keepends=true)
"\n".splitlines()
"".splitlines()
s.startswith("He")
s.startswith(("x", "H"))
s.startswith("l", 2)
s.startswith("l", 2, 3)
s.startswith("", 99)
s.startswith(())
s.startswith(["H"])
s.endswith("ld")
s.endswith(("x", "d"))
s.endswith("o", 0, 5)
s.endswith("lo", -9, -7)
s.find("o")
s.find("o", 5)
s.find("o", 5, 6)
s.find("")
s.find("", 99)
s.find("zz")
s.rfind("o")
s.rfind("o", 0, 5)
s.index("W")
s.index("zz")
s.rindex("l")
s.count("l")
s.count("")
s.count("l", 3)
"aaaa".count("aa")
t.find("\U0001f600")
s.replace("l", "L")
s.replace("l", "L", 1)
s.replace("l", "L", 0)
s.replace("", "-")
s.replace("", "-", 2)
s.replace("zz", "x")
"aaa".replace("aa", "b")
s.join(["a", "b"])
", ".join(w)
", ".join(d)
", ".join([1])
",".join("abc")
s.partition(", ")
s.partition("zz")
s.rpartition("o")
s.rpartition("zz")
s.partition("")
s.removeprefix("Hello")
s.removeprefix("zz")
s.removesuffix("World")
s.removesuffix("")
"a\tb\tcc".expandtabs()
"a\tb\tcc".expandtabs(4)
"a\tb\n\tc".expandtabs(tabsize=2)
"abc".isalpha()
"ab1".isalnum()
"\u00e91".isalnum()
"12".isdigit()
"\u00b2".isdigit()
"\u00b2".isdecimal()
"\u00bd".isnumeric()
"\u4e09".isnumeric()
" \t".isspace()
"".isspace()
"abc".islower()
"aBc".islower()
"123".islower()
"ABC1".isupper()
"Hello World".istitle()
"Hello world".istitle()
"HeLlo".istitle()
"abc1".isidentifier()
"1abc".isidentifier()
"a b".isidentifier()
"abc\u00e9".isascii()
"abc\n".isprintable()
"abc".translate({97: "x", 98: none, 99: 100})
"{} {}".format(1, "a")
"{0} {1} {0}".format(1, 2)
"{a} {b[x]} {c[0]}".format(a=1, b={"x": 2}, c=[3])
"{{}} {}".format(1)
"{:5}|{:<5}|{:>5}|{:^5}".format("ab", "ab", "ab", "ab")
"{:5}|{:<5}|{:^5}|{:=5}".format(12, 12, 12, -12)
"{:*^9}|{:0>5}|{:05}|{:+}|{: }".format("mid", 42, 42, 42, 42)
"{:,}|{:_}|{:,.2f}|{:010,}".format(1234567, 1234567, 1234567.891, 1234)
"{:x}|{:X}|{:#x}|{:o}|{:#b}|{:b}|{:c}|{:_b}".format(255, 255, 255, 8, 5, 5, 65, 1023)
"{:.2f}|{:.0f}|{:e}|{:.2e}|{:g}|{:.3g}|{:%}|{:.1%}".format(1.005, 0.5, 12345.678, 0.00012, 1e20, 1234.5, 0.25, 0.125)
"{}|{:}|{:10}|{:.3}|{:.10}".format(1.0, 1.5, 1.5, 1234.0, 1.0)
"{:.3}|{:.1}|{:.4}".format(123.0, 123.0, 123.0)
"{!r} {!s} {!a}".format("\u00e9", "\u00e9", "\u00e9")
"{:>{w}}|{:.{p}f}".format("a", 3.14159, w=5, p=2)
"{:{}}".format("a", 5)
"{0.real}".format(5)
"{0[a]}".format({"a": 1})
"{0[0]}".format([5])
"{0[-1]}".format([5])
"{a.b}".format(a={"b": 1})
"{}".format(none)
"{:5}".format(none)
"{:5}".format(true)
"{:d}".format(true)
"{}".format(true)
"{:5}".format([1])
"{}".format([1])
"{:s}".format(1)
"{:d}".format("a")
"{:d}".format(1.5)
"{:05}".format("ab")
"{:z.1f}".format(-0.01)
"{} {0}".format(1)
"{0} {}".format(1)
"{".format()
"}".format()
"{}".format()
"{x}".format()
"{a}".format_map({"a": 1})
"{0.__class__}".format(1)
"abc".encode is defined
"abc".nope
"abc".nope()
"abc"["upper"]()
[1,2,3]|join
[1,2,3]|join(", ")
[1,none,true,"x"]|join("|")
u|join(",", attribute="name")
u|join(",", "age")
"abc"|join("-")
d|join(",")
l|sort
l|sort(reverse=true)
l|sort(true)
w|sort
w|sort(case_sensitive=true)
w|sort(true, true)
u|sort(attribute="age")|map(attribute="name")|list
u|sort(attribute="age,name")|map(attribute="name")|list
u|sort(attribute="age", reverse=true)|map(attribute="name")|join
u|sort(attribute="x.y")|list
[[2,1],[1,2]]|sort(attribute=0)
[[2,1],[1,2]]|sort(attribute="1")
[1,"a"]|sort
[none,none]|sort
[none,1]|sort
[1.5,true,0]|sort
"hello"|sort
d|sort
{}|sort
[{}]|sort
[{},{}]|sort
w|unique|list
w|unique(true)|list
["a","A","b"]|unique|list
[1,1.0,true,2]|unique|list
u|unique(attribute="age")|map(attribute="name")|list
[[1],[1]]|unique|list
[missing]|unique|list
l|min
l|max
w|min
w|max
w|max(case_sensitive=true)
[]|min
[]|max is defined
u|min(attribute="age")
u|max(attribute="name")
[1,"a"]|max
l|sum
[]|sum
[1.5,2]|sum
u|sum(attribute="age")
u|sum("age", 10)
[[1],[2]]|sum(start=[])
["a"]|sum
["a"]|sum(start="")
l|first
l|last
[]|first
[]|last
"abc"|first
"abc"|last
d|first
d|last
d.items()|first
d.values()|last
l|map("string")|first
l|map("string")|last
l|length
"abc"|length
t|length
d|count
5|length
l|list
"abc"|list
d|list
5|list
l|reverse|list
"abc"|reverse
d|reverse|list
(1,2)|reverse|list
l|map("string")|reverse
5|reverse
l|map("string")|list
w|map("upper")|list
w|map("replace", "a", "z")|list
w|map("default", "x")|list
u|map(attribute="name")|list
u|map(attribute="x.y")|list
u|map(attribute="x")|list
u|map(attribute="x", default="-")|list
u|map(attribute="x.y", default=9)|list
u|map(attribute="q", default=none)|list
u|map("attr", "name")|list
l|map("nope")|list
l|map()|list
[]|map("nope")|list
[]|map()|list
l|map(attribute="x", foo=1)|list
l|map("round", 1)|list
l|map("round", precision=1)|list
l|select|list
[0,1,none,"",2]|select|list
[0,1,none,"",2]|reject|list
l|select("odd")|list
l|select("divisibleby", 3)|list
l|select("gt", 1)|list
l|select(">", 1)|list
l|reject("==", 1)|list
l|select("in", [1,2])|list
l|select("nope")|list
[]|select("nope")|list
u|selectattr("x")|map(attribute="name")|list
u|selectattr("age", "eq", 3)|map(attribute="name")|list
u|selectattr("age", "equalto", 3)|list|length
u|rejectattr("age", "eq", 3)|map(attribute="name")|list
u|selectattr("x.y", "defined")|map(attribute="name")|list
u|rejectattr("x")|map(attribute="name")|list
u|selectattr("name", "in", ["Bo"])|map(attribute="age")|list
u|selectattr|list
u|groupby("age")
u|groupby("age")|map("first")|list
u|groupby("age")|map(attribute="grouper")|list
u|groupby("age")|map(attribute="list")|map("length")|list
u|groupby("x.y", default=7)|map(attribute=0)|list
["a","B","A","b"]|groupby(0)
["a","B","A","b"]|groupby(0, case_sensitive=true)
u|groupby("name")|map("first")|list
[1,2,3,4,5]|batch(2)|list
[1,2,3,4,5]|batch(2, "x")|list
[1,2,3,4,5]|batch(linecount=3, fill_with=0)|list
[1,2,3]|batch(0)|list
[1,2,3]|batch(-1)|list
[]|batch(2)|list
[1,2,3,4,5]|slice(2)|list
[1,2,3,4,5]|slice(2, "x")|list
[1,2,3,4,5]|slice(3)|list
[1,2,3,4]|slice(2, "x")|list
[1]|slice(3, 0)|list
[1]|slice(0)|list
d|dictsort
d|dictsort(true)
d|dictsort(reverse=true)
{"a":2,"b":1}|dictsort(false, "value")
{"a":2,"b":1}|dictsort(by="value", reverse=true)
d|dictsort(by="x")
{1:2,"a":3}|dictsort
d|items|list
l|items
l|items|list
none|items|list
"abc"|upper
"ABC"|lower
"hello world-foo (bar [baz {q <x"|title
"HELLO"|capitalize
"\u00dfx"|title
5|upper
"  x "|trim
"xxaxx"|trim("x")
5|trim
"a"|center(5) ~ "|"
"abc"|center
"abc"|replace("b", "")
"aaa"|replace("a", "b", 2)
5|replace(5, 6)
"aaa"|replace("a", "b", count=1)
"a\nb\n\nc"|indent
"a\nb\n\nc"|indent(2)
"a\nb\n\nc"|indent(2, true)
"a\nb\n\nc"|indent(2, blank=true)
"a\nb\n\nc"|indent(">>", first=true, blank=true)
"a\nb\n"|indent
""|indent
""|indent(2, true)
"\n"|indent(2)
5|indent
"a\r\nb"|indent(1)
"hello big wide world"|truncate(9)
"hello big wide world"|truncate(9, true)
"hello big wide world"|truncate(9, false, "..", 0)
"hello big wide world"|truncate(length=11, leeway=0)
"hello big"|truncate(5, leeway=3)
"hello big"|truncate(5, leeway=4)
"hello big wide world"|truncate(2)
"hello big wide world"|truncate(9, end="")
"helloooooooooooooooooo"|truncate(9)
"hello  world foo_bar it's"|wordcount
""|wordcount
"the quick brown fox jumps over the lazy dog"|wordwrap(10)
"the quick brown fox jumps"|wordwrap(10, wrapstring="|")
"abcdefghijklmnop qr"|wordwrap(5)
"abcdefghijklmnop qr"|wordwrap(5, false)
"well-known long-term so-called"|wordwrap(8)
"well-known long-term so-called"|wordwrap(8, break_on_hyphens=false)
"a  b   c    d e f"|wordwrap(3)
"one\n\ntwo three\n"|wordwrap(4)
"  indented text here"|wordwrap(8)
"a--b--c d---e"|wordwrap(4)
"x"|wordwrap(0)
""|wordwrap
"%s-%s"|format(1, 2)
"%(a)s"|format(a=1)
"%s"|format(1, a=2)
"%s"|format
"plain"|format
5|format
"<a href='x'>T &amp; C</a>  <!-- c > --> b"|striptags
"a &lt; b &#39; &#x41; &nbsp;c"|striptags
"<b"|striptags
"<a>&'\""|escape
"<a>"|e|e
"<a>"|forceescape
"<a>"|safe
"<a>"|e ~ "<b>"
("<a>"|e) + "<b>"
"<b>" + ("<a>"|safe)
("<a>"|safe) ~ "<b>"
("<a>%s"|safe) % "<b>"
("<a>"|safe)|upper
("<a>"|safe).lower()
("<a>"|safe) * 2
("<a>"|safe)[0]
("<a>"|safe)|list
["<"|safe]
("a"|safe) == "a"
("a"|safe) in ["a"]
("a"|safe) is string
("a"|safe) is escaped
"a" is escaped
("a"|safe).replace("a", "<")
("a"|safe)|replace("a", "<")
("a"|safe).join(["<", "b"])
("<"|safe).split("a")
"a b&c/d?e=\u00e9"|urlencode
{"a b": "c&d", "e": 1}|urlencode
[("a", 1), ("b", "x y")]|urlencode
5|urlencode
{"a": 1, "b": none, "c": "<\"", "d": missing}|xmlattr
{"a": 1}|xmlattr(false)
{"a b": 1}|xmlattr
{}|xmlattr
"42"|int
"42.7"|int
" 42 "|int
"0x1f"|int(base=16)
"0x1f"|int
"1f"|int(0, 16)
"0b11"|int(0, 2)
"0b11"|int(0, 0)
"0o7"|int(0, 8)
"012"|int(0, 0)
"z"|int(base=36)
"1_000"|int
"1__0"|int
"-5"|int
"+5"|int
"- 5"|int
"abc"|int
"abc"|int(9)
""|int
"1e3"|int
"inf"|int
"nan"|int
3.99|int
-3.99|int
true|int
none|int(5)
[]|int
"\u0663"|int
"1.5"|float
"1e3"|float
" 1.5 "|float
".5"|float
"5."|float
"1_0.5"|float
"inf"|float
"-inf"|float
"nan"|float
"abc"|float
"abc"|float(1.5)
"abc"|float("x")
3|float
true|float
none|float
big|float
2.5|round
3.5|round
-2.5|round
2.675|round(2)
2.5|round(0)
2.55|round(1)
5|round
5|round(1)
15|round(-1)
25|round(-1)
1234.5|round(-2)
2.1|round(0, "ceil")
2.9|round(0, "floor")
2.123|round(2, "ceil")
-2.123|round(2, "floor")
5|round(0, "ceil")
15|round(-1, "floor")
2.5|round(method="nope")
"x"|round
true|round
-5|abs
-2.5|abs
true|abs
"x"|abs
0|filesizeformat
1|filesizeformat
999|filesizeformat
1000|filesizeformat
1500|filesizeformat
1500000|filesizeformat
1024|filesizeformat(true)
1048576|filesizeformat(binary=true)
"2000"|filesizeformat
1.5e30|filesizeformat
-1|filesizeformat
d|tojson
d|tojson(indent=2)
d|tojson(indent=0)
d|tojson(true)
d|tojson(ensure_ascii=true)
d|tojson(separators=(",", ":"))
d|tojson(separators=[",", ":"], sort_keys=true)
d|tojson(sort_keys=true)
d|tojson(false, 4)
d|tojson(indent="--")
[]|tojson(indent=2)
{}|tojson(indent=2)
[[],{}]|tojson(indent=1)
(1,2)|tojson
"a\n\t\"\\\u0001\u007f\u2028/<>&'"|tojson
"\u00e9\U0001f600"|tojson(ensure_ascii=true)
1.0|tojson
1e100|tojson
"nan"|float|tojson
"inf"|float|tojson
big|tojson
true|tojson
none|tojson
{1: 2, true: 3, none: 4, 1.5: 5}|tojson
{(1,2): 3}|tojson
range(3)|tojson
d.items()|tojson
d.keys()|tojson
l|map("string")|tojson
namespace(a=1)|tojson
("<"|safe)|tojson
d|string
d|pprint
l|pprint
"x"|pprint
{"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb": [1,2,3], "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa": {"x": "yyyyyyyyyyyyyyyyyyyy"}}|pprint
[["aaaaaaaaaaaaaaaaaaaaaaaaa"],["bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"],["cccccccccccccccccccccc"]]|pprint
d|attr("b")
d|attr("get") is callable
s|attr("upper")
s|attr("nope") is defined
s|attr("__class__")
u[0]|attr("name") is defined
range(3)
range(3)|list
range(1,4)|list
range(5,0,-2)|list
range(0)|list
range(3)[1]
range(3)[-1]
range(3)[9]
range(5)[1:3]
range(5)[::-1]
range(3)|length
range(3) == range(3)
range(3) is sequence
2 in range(3)
range(3)|sum
range(3)|reverse|list
range(3).start
range(2,8,2).index(4)
range(1.5)
range()
range(1,2,0)
range(100000)|length
range(100001)
range(10**12)
dict(a=1)
dict({"a":1}, b=2)
dict([("a", 1), ("b", 2)])
dict([["a", 1]], a=3)
dict([1])
dict(**{"a": 1})
dict(u[1])
namespace(a=1).a
namespace(a=1).b
namespace(a=1).b is defined
namespace({"a": 2}).a
namespace(a=1)["a"]
namespace(a=1)
cycler(1,2).next()
cycler(1,2).current
cycler()
joiner()()
joiner("|").sep
n is odd
n is even
n is divisibleby 7
n is divisibleby(2)
f is odd
"a" is odd
1.0 is odd
3.0 is divisibleby 1.5
n is integer
f is integer
yes is integer
f is float
n is number
yes is number
yes is boolean
n is boolean
s is string
d is mapping
l is mapping
l is sequence
s is sequence
d is sequence
n is sequence
(1,2) is sequence
d.keys() is sequence
s is iterable
n is iterable
range is callable
s.upper is callable
s is callable
s is lower
"abc" is lower
"ABC" is upper
5 is lower
none is none
yes is true
no is false
n is true
1 is true
n is eq 7
n is equalto 7
n is == 7
n is ne 7
n is lt 8
n is le 7
n is gt 6
n is ge 8
n is in [7]
n is not in [7]
n is in
n is not odd
n is not defined
not n is odd
"upper" is filter
"nope" is filter
"odd" is test
"nope" is test
n is sameas n
l is sameas l
[] is sameas []
n is odd and n is defined
n is odd or missing.x
n is divisibleby 7 and yes
n is none
n is nope
n is True
n is defined is true
(n is defined) is true
l is defined
s is string and s|length > 3
"a" if n is defined else "b"
n|nope
n|nope if no else 1
n is nope if no else 1
n|abs|string|length
n|default(missing.x)
n.__add__
"a'b"
["a'b", 'c"d', "e'\"f"]
["\n\t\r\\\x00\x7f\x85\u00a0\u00ad\u200b\ue000\U0001f600\u0301"]
"\x41\u0042\U00000043\103\N{LATIN SMALL LETTER A}\q\d\'\""
'\
x'
"\\n"
"\u00e9"
"\\\u00e9"
"a\bb\ac\fd\ve"
'it\'s'
[1, 1.0, true, none, "x", [2], {"a": (1,)}]
{"a": {"b": [1.5, none]}}
[1e16, 1e-7, 1.5e-5, 123456.789, 1e22, 5e-324, 1.7976931348623157e308]
strftime_now("%Y-%m-%d")
strftime_now("%d %b %Y|%A|%B|%H:%M:%S|%I %p|%j|%U|%W|%y|%%|%e|%-d|%-m|%F|%T|%D|%R|%a|%w|%u|%V|%G|%C|%h|%c|%x|%X|%n%t|%s")
strftime_now(format="%Y")
strftime_now()
raise_exception("no " ~ 1)
raise_exception()
raise_exception(5)
loop
loop is defined
caller
varargs
lipsum is defined
l.0
d.a.0
l.0.x
u.0.name
u[0].x.y
(l)[0]
([1,2])[1]
"abc"[1:][0]
"abc".upper().lower().title()
{"a": s.upper}.a()
[s.upper][0]()
(s.upper)()
l[n]
l[l[1]]
d["a"][-1]["x"] is none
[x for x in l]
l[0,1]
l[]
{"a" 1}
[1 2]
(1
1 +
* 1
1 if
a.
a.1b
"unclosed
a b
1..2
a |
a is
a is not
not
f(1, *l)
dict(*[[("a", 1)]])
range(*[1, 4])|list
range(1, *[4])|list
dict(**{"a": 1}, b=2)
dict(a=1, **{"a": 2})
dict(a=1, a=2)
"{}{}".format(*[1], **{})
"{}{b}".format(*[1], b=2)
s.upper(1)
s.split(",", ",")
s.startswith()
s.replace("a")
s.replace(old="l", new="L")
s.center(width=5)
s|upper(1)
s|default(1, 2, 3)
s|default(nope=1)
l|join(x=1)
s|replace("l")
1 ; 2
$
a ! b
a !== b
[1,2,3][:2][::-1]
"" is string
"%" % 1
"%z" % 1
"%d" % "a"
"%d" % none
"%s %s" % 1
"%s" % (1, 2)
"%(a)s" % 1
"%(a" % {}
1 + "a"
"a" + 1
"a" - "b"
[1] - [1]
[1] + (1,)
{} + {}
1 / 0
1 // 0
1 % 0
1.0 / 0
1.0 // 0
1.0 % 0
0 ** -1
none < none
{} < {}
[1] < [none]
"a" < 1
-"a"
+"a"
-[1]
1 in 5
1 in "a"
none in "a"
[1] in {}
{[1]: 2}
{{}: 2}
d[[1]]
d.get([1])
"a" * "b"
"a" * 1.5
l[1:"a"]
n[1:]
nothing[1:]
[1][::0]
d[1:]
5[0]
5["x"]
""[0]
""[0:]
(1,2)["count"](1)
l["count"](1)
'x' * 10**9
[0] * 10**9
2 ** (10**9)
"%1000000000d" % 1
"%.1000000000f" % 1
"{:1000000000}".format(1)
"x".center(10**9)
"x".ljust(10**10)
"x"|center(10**9)
"x"|indent(10**9)
"x".zfill(10**9)
10 ** 5000
10 ** 5000 > 1
(10 ** 4299)|string|length
""".strip("\n").split("\n")


def statements():
    """Whole templates."""
    yield from [
        "{% if n %}a{% elif z %}b{% else %}c{% endif %}",
        "{% if z %}a{% elif n %}b{% else %}c{% endif %}",
        "{% if z %}a{% elif e %}b{% elif nothing %}c{% else %}d{% endif %}",
        "{% if missing %}a{% endif %}",
        "{% if n == 7 and l %}a{% endif %}",
        "{% if n: %}a{% endif %}",
        "{% if n, %}a{% endif %}",
        "{% if () %}a{% else %}b{% endif %}",
        "{% if n %}a{% else %}b{% else %}c{% endif %}",
        "{% if n %}a",
        "{% endif %}",
        "{% if %}a{% endif %}",
        "{% if n %}a{% endfor %}",
        "{% nope %}",
        "{% 1 %}",
        "{% %}",
        "{% if n -%} a {%- endif %}b",
        "{% for i in l %}{{ i }},{% endfor %}",
        "{% for i in l %}{{ i }}{% else %}none{% endfor %}",
        "{% for i in [] %}{{ i }}{% else %}none{% endfor %}",
        "{% for i in missing %}{{ i }}{% else %}none{% endfor %}",
        "{% for i in nothing %}{% endfor %}",
        "{% for i in 5 %}{% endfor %}",
        "{% for k in d %}{{ k }}{% endfor %}",
        "{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}",
        "{% for k, v in d|dictsort %}{{ k }}={{ v }};{% endfor %}",
        "{% for k, (a, b) in [[1, [2, 3]]] %}{{ k }}{{ a }}{{ b }}{% endfor %}",
        "{% for (a, b) in [[1, 2]] %}{{ a }}{{ b }}{% endfor %}",
        "{% for a, b in [[1, 2, 3]] %}{% endfor %}",
        "{% for a, b in [[1]] %}{% endfor %}",
        "{% for a, b in [1] %}{% endfor %}",
        "{% for a, b in ['xy'] %}{{ a }}{{ b }}{% endfor %}",
        "{% for a, in [[1]] %}{{ a }}{% endfor %}",
        "{% for c in s %}{{ c }}.{% endfor %}",
        "{% for c in t %}[{{ c }}]{% endfor %}",
        "{% for i in 1, 2, 3 %}{{ i }}{% endfor %}",
        "{% for i in (1, 2) + (3,) %}{{ i }}{% endfor %}",
        "{% for i in l if i > 1 %}{{ i }}{% endfor %}",
        "{% for i in l if i > 5 %}{{ i }}{% else %}none{% endfor %}",
        "{% for i in l if i > 1 %}{{ loop.index }}/{{ loop.length }}:{{ i }} {% endfor %}",
        "{% for i in l if loop.index > 1 %}{{ i }}{% endfor %}",
        "{% for i in l if i in l %}{{ i }}{% endfor %}",
        "{% set q = 1 %}{% for i in l if i > q %}{{ i }}{% set q = 9 %}{% endfor %}",
        "{% set ns = namespace(seen=[]) %}{% for i in [1, 2, 1, 3, 2] if i not in ns.seen %}{{ i }}{% set ns.seen = ns.seen + [i] %}{% endfor %}",
        "{% set ns = namespace(seen=[]) %}{% for i in [1, 2, 1, 3, 2] if i not in ns.seen %}{{ i }}{{ loop.last }}{% set ns.seen = ns.seen + [i] %}{% endfor %}",
        "{% for i in l %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.depth }}{{ loop.depth0 }} {% endfor %}",
        "{% for i in l %}{{ loop.previtem }}<{{ i }}>{{ loop.nextitem }} {% endfor %}",
        "{% for i in l %}{{ loop.previtem is defined }}{{ loop.nextitem is defined }} {% endfor %}",
        "{% for i in l %}{{ loop.previtem + 1 }}{% endfor %}",
        "{% for i in l %}{{ loop.cycle('a', 'b') }}{% endfor %}",
        "{% for i in l %}{{ loop.cycle() }}{% endfor %}",
        "{% for i in [1, 1, 2, 2, 1] %}{% if loop.changed(i) %}{{ i }}{% endif %}{% endfor %}",
        "{% for i in [1, 1, 2] %}{{ loop.changed() }}{{ loop.changed(i, 1) }} {% endfor %}",
        "{% for i in l %}{{ loop.nope }}{{ loop.nope is defined }}{% endfor %}",
        "{% for i in l %}{{ loop }}{% endfor %}",
        "{% for i in l %}{{ loop() }}{% endfor %}",
        "{% for i in l %}{{ loop(l) }}{% endfor %}",
        "{% for i in l|map('string') %}{{ loop.length }}{{ i }}{{ loop.last }} {% endfor %}",
        "{% for i in l|map('string') %}{{ i }}{% if loop.first %}{{ loop.revindex }}{% endif %}{% endfor %}",
        "{% for i in d.items() %}{{ loop.length }}{% endfor %}",
        "{% for i in l %}{% for j in l %}{{ loop.index }}{% endfor %}{{ loop.index }} {% endfor %}",
        "{% for i in l %}{% set outer = loop %}{% for j in l %}{{ outer.index }}{{ loop.index }} {% endfor %}{% endfor %}",
        "{% for i in l %}{% for j in l %}{{ j }}{% endfor %}{{ loop.index }}{% endfor %}",
        "{% for i in l %}{% for j in [1] %}{{ loop is defined }}{% endfor %}{% endfor %}{{ loop is defined }}",
        "{% for i in l %}{% for j in [] %}{% else %}{{ loop.index }}{% endfor %}{% endfor %}",
        "{% for i in [] %}{% else %}{{ loop }}{% endfor %}",
        "{% for i in l %}{% macro m() %}{{ loop.index }}{{ i }}{% endmacro %}{{ m() }}{% endfor %}",
        "{% for i in l %}{{ i }}{% break %}{% endfor %}",
        "{% for i in l %}{% if i == 1 %}{% break %}{% endif %}{{ i }}{% else %}e{% endfor %}",
        "{% for i in l %}{% if i == 1 %}{% continue %}{% endif %}{{ i }}{% else %}e{% endfor %}",
        "{% for i in l %}{% continue %}{% else %}e{% endfor %}",
        "{% for i in l %}{% break %}{% else %}e{% endfor %}",
        "{% for i in l %}{% for j in l %}{% break %}{% endfor %}{{ i }}{% endfor %}",
        "{% for i in l %}{% for j in [] %}{% else %}{% break %}{% endfor %}{{ i }}{% endfor %}",
        "{% for i in l %}{% with x = i %}{{ x }}{% continue %}{% endwith %}x{% endfor %}",
        "{% for i in l %}{% set x %}a{% break %}{% endset %}{{ x }}{% endfor %}b",
        "{% for i in l %}{% filter upper %}a{% continue %}{% endfilter %}b{% endfor %}c",
        "{% for i in l %}{% macro m() %}{% break %}{% endmacro %}{% endfor %}",
        "{% for i in l %}{% call range(1) %}{% break %}{% endcall %}{% endfor %}",
        "{% for i in l %}{% generation %}{% break %}{% endgeneration %}{% endfor %}",
        "{% break %}",
        "{% continue %}",
        "{% if n %}{% break %}{% endif %}",
        "{% for i in [] %}{% else %}{% break %}{% endfor %}",
        "{% for i in l %}{{ loop.length }}{% endfor %}{% for i in [] %}{{ loop.length }}{% endfor %}",
        "{% for n in tree recursive %}{{ n.v }}[{{ loop(n.c) }}]{% endfor %}",
        "{% for n in tree recursive %}{{ loop.depth }}{{ loop.depth0 }}:{{ n.v }} {% if n.c %}{{ loop(n.c) }}{% endif %}{% endfor %}",
        "{% for n in tree recursive %}{{ n.v }}{{ loop(n.c) }}{% else %}.{% endfor %}",
        "{% for n in tree if n.v != 3 recursive %}{{ n.v }}{{ loop(n.c) }}{% endfor %}",
        "{% for n in tree recursive %}{{ loop(n.c)|upper }}{{ n.v }}{{ loop.index }}{{ loop.length }}{% endfor %}",
        "{% for n in tree recursive %}{% for k in [1] %}{{ k }}{{ loop.index }}{% endfor %}{{ loop(n.c) }}{% endfor %}",
        "{% for n in tree recursive %}{{ loop() }}{% endfor %}",
        "{% for n in tree recursive %}{% break %}{% endfor %}x",
        "{% for n in tree recursive %}{% else %}{% break %}{% endfor %}x",
        "{% for i in l recursive %}{{ i }}{% endfor %}",
        "{% for a, in [[1]] %}{{ a }}{% endfor %}",
        "{% for a in l, recursive %}{{ a }}{% endfor %}",
        "a{#",
        "a{# ",
        "a{%",
        "a{{",
        "{% set x = 1 %}{{ x }}",
        "{% set x = 1, 2 %}{{ x }}",
        "{% set x, y = 1, 2 %}{{ x }}{{ y }}",
        "{% set x, y = [1] %}{{ x }}",
        "{% set (x, y) = [1, 2] %}{{ x }}{{ y }}",
        "{% set x = y = 1 %}",
        "{% set 1 = 2 %}",
        "{% set true = 2 %}",
        "{% set x.y = 2 %}",
        "{% set x['y'] = 2 %}",
        "{% set s.y = 2 %}",
        "{% set ns = namespace() %}{% set ns.a = 1 %}{% set ns.b, c = 2, 3 %}{{ ns.a }}{{ ns.b }}{{ c }}{{ ns }}",
        "{% set ns = namespace(a=0) %}{% for i in l %}{% set ns.a = ns.a + i %}{% endfor %}{{ ns.a }}",
        "{% set ns = namespace(a=0) %}{% set ns.a.b = 1 %}",
        "{% set ns = namespace() %}{% set ns.items = 1 %}{{ ns.items }}{{ ns['items'] }}",
        "{% set ns = namespace() %}{{ ns.x }}{{ ns.x is defined }}{{ ns.x.y }}",
        "{% set ns = namespace(a=1) %}{% set x = ns %}{% set x.a = 5 %}{{ ns.a }}",
        "{% set x %}a{{ n }}b{% endset %}{{ x }}|{{ x|length }}",
        "{% set x | upper %}abc{% endset %}{{ x }}",
        "{% set x | upper | replace('A', 'z') %}abc{% endset %}{{ x }}",
        "{% set x | default(n) %}abc{% endset %}{{ x }}",
        "{% set ns = namespace() %}{% set ns.x %}abc{% endset %}{{ ns.x }}",
        "{% set x, y %}ab{% endset %}{{ x }}{{ y }}",
        "{% set x %}{% set y = 1 %}{{ y }}{% endset %}{{ x }}{{ y is defined }}",
        "{% set x %}{{ caller is defined }}{% endset %}{{ x }}",
        "{% for i in l %}{% set x = i %}{{ x }}{% endfor %}{{ x is defined }}",
        "{% set x = 0 %}{% for i in l %}{{ x }}{% set x = i %}{{ x }} {% endfor %}{{ x }}",
        "{% set x = 0 %}{% if n %}{% set x = 1 %}{% endif %}{{ x }}",
        "{% if n %}{% set x = 1 %}{% endif %}{{ x }}",
        "{% if z %}{% set x = 1 %}{% endif %}{{ x is defined }}",
        "{% if z %}{% set n = 1 %}{% endif %}{{ n }}",
        "{% if z %}{% set n = 1 %}{% else %}{{ n }}{% endif %}{{ n }}",
        "{{ n }}{% set n = 1 %}{{ n }}",
        "{% macro m() %}{{ n }}{% endmacro %}{{ m() }}{% set n = 1 %}{{ m() }}",
        "{% macro m() %}{{ x }}{% endmacro %}{{ m() }}{% set x = 1 %}{{ m() }}{% set x = 2 %}{{ m() }}",
        "{% for i in l %}{% if i == 1 %}{% set n = 'x' %}{% endif %}{{ n }}{% endfor %}{{ n }}",
        "{% for i in l %}{{ n }}{% set n = i %}{{ n }} {% endfor %}{{ n }}",
        "{% for i in l %}{% set n = n + 1 %}{{ n }} {% endfor %}{{ n }}",
        "{% for n in l %}{{ n }}{% endfor %}{{ n }}",
        "{% for x in l %}{% endfor %}{{ x is defined }}",
        "{% for n in l if n > 1 %}{{ n }}{% endfor %}{{ n }}",
        "{% for i in l %}{% for i in [9] %}{{ i }}{% endfor %}{{ i }}{% endfor %}",
        "{% for i in l %}{% set i = 5 %}{{ i }}{% endfor %}",
        "{% for i in l %}{% set loop = 5 %}{% endfor %}",
        "{% for loop in l %}{% endfor %}",
        "{% set loop = 5 %}{% for i in l %}{{ i }}{% endfor %}{{ loop }}",
        "{% set loop = 5 %}{% for i in l %}{{ loop.index }}{% endfor %}{{ loop }}",
        "{% macro m(a, b=2, c='x') %}{{ a }}{{ b }}{{ c }}{% endmacro %}{{ m(1) }}|{{ m(1, 3) }}|{{ m(1, c=5) }}|{{ m(b=1, a=2) }}|{{ m() }}",
        "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, 2) }}",
        "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(b=2) }}",
        "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, a=2) }}",
        "{% macro m(a) %}{{ a is defined }}{% endmacro %}{{ m() }}",
        "{% macro m(a) %}{{ a + 1 }}{% endmacro %}{{ m() }}",
        "{% macro m(a, b=a) %}{{ a }}{{ b }}{% endmacro %}{{ m(1) }}{{ m(1, 2) }}",
        "{% macro m(a=b, b=2) %}{{ a }}{{ b }}{% endmacro %}{{ m() }}|{{ m(b=5) }}|{{ m(1) }}",
        "{% macro m(a=n) %}{{ a }}{% endmacro %}{% set n = 1 %}{{ m() }}",
        "{% macro m(a, b=1, c) %}{% endmacro %}",
        "{% macro m(a, a) %}{% endmacro %}",
        "{% macro m() %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, 2, a=3) }}",
        "{% macro m(a) %}{{ varargs }}{{ a }}{% endmacro %}{{ m(1, 2) }}{{ m() }}",
        "{% macro m(a) %}{{ kwargs }}{{ a }}{% endmacro %}{{ m(1, b=2) }}{{ m(a=1, b=2) }}",
        "{% macro m(kwargs) %}{{ kwargs }}{% endmacro %}{{ m(1) }}",
        "{% macro m(varargs=5) %}{{ varargs }}{% endmacro %}{{ m() }}",
        "{% macro m() %}{% set kwargs = 1 %}{{ kwargs }}{% endmacro %}{{ m() }}",
        "{% macro m() %}{{ caller() }}{% endmacro %}{% call m() %}x{{ n }}{% endcall %}",
        "{% macro m() %}{{ caller(1, 2) }}{% endmacro %}{% call(a, b) m() %}{{ a }}-{{ b }}{% endcall %}",
        "{% macro m() %}{{ caller(1) }}{% endmacro %}{% call(a, b=5) m() %}{{ a }}-{{ b }}{% endcall %}",
        "{% macro m() %}{{ caller() }}{% endmacro %}{{ m() }}",
        "{% macro m() %}{{ caller is defined }}{% endmacro %}{{ m() }}{% call m() %}{% endcall %}",
        "{% macro m() %}{% if caller %}{{ caller() }}{% endif %}{% endmacro %}{{ m() }}{% call m() %}y{% endcall %}",
        "{% macro m() %}x{% endmacro %}{% call m() %}y{% endcall %}",
        "{% macro m(caller) %}{{ caller }}{% endmacro %}{{ m(1) }}",
        "{% macro m(caller=none) %}{{ caller }}{% endmacro %}{{ m() }}",
        "{% macro m(caller=none) %}{{ caller() }}{% endmacro %}{% call m() %}q{% endcall %}",
        "{% macro m() %}{{ kwargs }}{% endmacro %}{% call m(a=1) %}y{% endcall %}",
        "{% call range(3) %}{% endcall %}",
        "{% call n %}{% endcall %}",
        "{% call m.x() %}{% endcall %}",
        "{% macro m(a) %}{{ a }}{{ caller() }}{% endmacro %}{% call m(5) %}{% call m(6) %}z{% endcall %}{% endcall %}",
        "{% macro m() %}{{ caller() }}{% endmacro %}{% for i in l %}{% call m() %}{{ i }}{{ loop.index }}{% endcall %}{% endfor %}",
        "{% macro m() %}{% set x = 1 %}{{ x }}{% endmacro %}{{ m() }}{{ x is defined }}",
        "{% set x = 5 %}{% macro m() %}{{ x }}{% set x = 1 %}{{ x }}{% endmacro %}{{ m() }}{{ x }}",
        "{% macro m(x) %}{% if x > 0 %}{{ x }}{{ m(x - 1) }}{% endif %}{% endmacro %}{{ m(3) }}",
        "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}B{% endmacro %}{{ a() }}",
        "{{ a() }}{% macro a() %}A{% endmacro %}",
        "{% macro m() %}  x  {% endmacro %}[{{ m()|trim }}]",
        "{% macro m() %}x{% endmacro %}{{ m }}{{ m.name }}{{ m.arguments }}{{ m.catch_kwargs }}",
        "{% macro m(a, b) %}x{% endmacro %}{{ m.arguments }}{{ m.nope is defined }}",
        "{% macro m() %}{% macro k() %}K{% endmacro %}{{ k() }}{% endmacro %}{{ m() }}{{ k is defined }}",
        "{% macro m(x) %}{% macro k() %}{{ x }}{% endmacro %}{{ k() }}{% endmacro %}{{ m(1) }}{{ m(2) }}",
        "{% if n %}{% macro m() %}M{% endmacro %}{% endif %}{{ m() }}",
        "{% for i in l %}{% macro m() %}M{% endmacro %}{% endfor %}{{ m is defined }}",
        "{% set f = namespace() %}{% for i in l %}{% set x = i %}{% macro m() %}{{ x }}{% endmacro %}{% set f.m = m %}{{ f.m() }}{% endfor %}{{ f.m() }}|",
        "{% macro m(a) %}{{ a }}{% endmacro %}{{ l|map('string')|map('upper')|list }}{{ m(*[1]) }}{{ m(**{'a': 2}) }}",
        "{% macro m(l) %}{% for i in l %}{{ i }}{{ loop.index }}{% endfor %}{% endmacro %}{{ m([7, 8]) }}",
        "{% macro m() %}{{ loop }}{% endmacro %}{% for i in l %}{{ m() }}{{ loop.index }}{% endfor %}",
        "{% macro m(class, def=1) %}{{ class }}{{ def }}{% endmacro %}{{ m(class=2, def=3) }}",
        "{% with a = 1, b = 2 %}{{ a }}{{ b }}{% endwith %}{{ a is defined }}",
        "{% with a = 1 %}{% with b = a + 1 %}{{ a }}{{ b }}{% endwith %}{% endwith %}",
        "{% with %}{% set x = 1 %}{{ x }}{% endwith %}{{ x is defined }}",
        "{% with n = 1, m = n %}{{ n }}{{ m }}{% endwith %}{{ n }}",
        "{% with a, b = (1, 2) %}{{ a }}{{ b }}{% endwith %}",
        "{% with a = 1 %}{% set a = 2 %}{{ a }}{% endwith %}",
        "{% with n = n + 1 %}{{ n }}{% endwith %}{{ n }}",
        "{% filter upper %}abc{{ s }}{% endfilter %}",
        "{% filter upper|replace('A', 'x') %}abc{% endfilter %}",
        "{% filter replace('a', s) %}abc{% endfilter %}",
        "{% filter indent(2, true) %}a\nb{% endfilter %}",
        "{% filter trim %}  {% for i in l %} {{ i }} {% endfor %}  {% endfilter %}",
        "{% filter upper %}{% set x = 1 %}{{ x }}{% endfilter %}{{ x is defined }}",
        "{% filter nope %}{% endfilter %}",
        "{% filter join(',') %}abc{% endfilter %}",
        "{% filter tojson %}a\"b{% endfilter %}",
        "{% generation %}abc{{ n }}{% endgeneration %}d",
        "{% generation %}{% set x = 1 %}{% endgeneration %}{{ x is defined }}",
        "{% for i in l %}{% generation %}{{ i }}{{ loop.index }}{% endgeneration %}{% endfor %}",
        "{% generation %}{{ caller is defined }}{% endgeneration %}",
        "{% print 1 %}",
        "{% print 1, s %}",
        "{% print %}x",
        "{% autoescape false %}{{ '<' }}{% set x = 1 %}{% endautoescape %}{{ x is defined }}",
        "{% raw %}{{ x }}{% endraw %}",
        "{% raw %}{% if %}{% endraw %}",
        "{% raw %}a{% endraw",
        "{% raw %}",
        "{%raw%}x{%endraw%}",
        "{% rawx %}",
        "{# comment #}a",
        "{# {{ x }} #}a",
        "{# a",
        "{#-#}a",
        "{#- x -#}  a",
        "a {#+ x +#}\nb",
        "{{ '{{' }}{{ '}}' }}{{ '{%' }}",
        "{{ {'a': {'b': 1}} }}",
        "{{ {'a': {'b': 1}}}}",
        "{{ '}}' }}",
        "{% set x = '%}' %}{{ x }}",
        "{{ [1, 2",
        "{{ 1 }",
        "{{ 1 }}}",
        "{ { 1 } }",
        "{{}}",
        "{{ }}",
        "a{b}c {d",
        "{{- n -}} ",
        " {{+ n }} ",
        "{{-n}}",
        "{{ -n }}",
        "{{+n}}",
        "a\n",
        "a\n\n",
        "\n",
        "",
        "a\r\nb\rc\r\n",
        "{{ 'a\r\nb' }}",
        "{% set x = 1 %}\n{% set y = 2 %}\n{{ x }}\n{{ y }}\n",
        "# for x in l\n## comment\n{{ n }}",
        "{% block a %}x{% endblock %}" if False else "{{ n }}",
        "{{ d.items() | map('first') | list }}",
        "{{ d.items() | map(attribute=0) | list }}",
        "{% for g in u|groupby('age') %}{{ g.grouper }}:{% for x in g.list %}{{ x.name }}{% endfor %};{% endfor %}",
        "{% for k, v in u|groupby('age') %}{{ k }}{{ v|length }}{% endfor %}",
        "{% set c = cycler('a', 'b', 'c') %}{{ c.next() }}{{ c.next() }}{{ c.current }}{{ c.reset() }}{{ c.next() }}{{ c.pos }}",
        "{% set j = joiner(', ') %}{% for i in l %}{{ j() }}{{ i }}{% endfor %}",
        "{% set j = joiner() %}{{ j() }}{{ j() }}{{ j() }}",
        "{% set g = l|map('string') %}{{ g|list }}{{ g|list }}",
        "{% set g = l|select %}{% for i in g %}{{ i }}{% break %}{% endfor %}{{ g|list }}",
        "{% set x = [1, 2] %}{% set y = x %}{{ x is sameas y }}{{ x + [3] }}{{ x }}",
        "{% if not s %}{% elif s is string %}str{% endif %}",
        "{% if l is iterable and l is not string and l is not mapping %}list{% endif %}",
        "{% if n|nope %}{% endif %}",
        "{% if z %}{{ n|nope }}{% endif %}ok",
        "{% if z %}{% for i in l %}{{ n|nope }}{% endfor %}{% endif %}ok",
        "{% if z and n is nope %}{% endif %}ok",
        "{% for i in l %}{{ n|nope }}{% endfor %}",
        "{% set x = n|nope %}",
        "{{ 1 if yes else n|nope }}",
        "{% include 'x' %}",
        "{% import 'x' as y %}",
        "{% extends 'x' %}",
        "{% from 'x' import y %}",
        "{% do l.append(1) %}",
        "{% trans %}x{% endtrans %}",
        "{% debug %}",
        "{% set x = namespace(**d) %}{{ x.b }}",
        "{% set a = dict(x=1) %}{% set b = dict(a, y=2) %}{{ a }}{{ b }}",
        "{% set messages = u %}{{ messages[0]['name'] }}{{ (messages|last).name }}",
        "{{ u[1:]|map(attribute='name')|join }}{{ u[::-1][0].name }}",
        "{% for m in u %}{% if loop.first and m.name == 'Bo' %}{% continue %}{% endif %}{{ m.name }}{{ '' if loop.last else ', ' }}{% endfor %}",
        "{%- for m in u -%}\n  {{- m.name -}}\n{%- endfor -%}\n",
        "{% for m in u %}\n{{ m.name }}\n{% endfor %}\n",
        "  {% for m in u %}\n  {{ m.name }}\n  {% endfor %}\n",
        "{% set ns = namespace(x=0) %}{% macro m() %}{% set ns.x = ns.x + 1 %}{% endmacro %}{{ m() }}{{ m() }}{{ ns.x }}",
        "{% macro m() %}{% for i in l %}{% set x = i %}{% endfor %}{{ x is defined }}{% endmacro %}{{ m() }}",
        "{% set x = 1 %}{% macro m() %}{% if z %}{% set x = 2 %}{% endif %}{{ x }}{% endmacro %}{{ m() }}",
        "{% set x = 1 %}{% macro m() %}{% for i in l %}{{ x }}{% set x = i %}{% endfor %}{{ x }}{% endmacro %}{{ m() }}",
        "{% if n %}{% if z %}{% set q = 1 %}{% else %}{% set q = 2 %}{% endif %}{% endif %}{{ q }}",
        "{% if z %}{% set q = 1 %}{% elif n %}{% set q = 2 %}{% endif %}{{ q }}",
        "{% with %}{% if z %}{% set n = 1 %}{% endif %}{{ n }}{% endwith %}",
        "{% set x %}{% for i in l %}{{ i }}{% set x = i %}{% endfor %}{% endset %}{{ x }}",
        "{% set n = n + 1 %}{% set n = n + 1 %}{{ n }}",
        "{% macro m(n) %}{{ n }}{% set n = n + 1 %}{{ n }}{% endmacro %}{{ m(1) }}{{ n }}",
        "{% macro outer() %}{% set x = 1 %}{% call inner() %}{{ x }}{% endcall %}{% endmacro %}{% macro inner() %}{% set x = 2 %}{{ caller() }}{% endmacro %}{{ outer() }}",
        "{{ 'x' if messages is defined and messages[0] else 'y' }}",
        "{%- if messages %}a{%- endif %}b",
        "{% set x = {'a': 1}.update({'b': 2}) %}",
        "{% for i in range(3) %}{{ i }}{% endfor %}{% for i in range(3, 0, -1) %}{{ i }}{{ loop.last }}{% endfor %}",
        "{% set a, b = s.split(', ') %}{{ b }}{{ a }}",
        "{% set (a, b), c = (1, 2), 3 %}{{ a }}{{ b }}{{ c }}",
        "{{ raise_exception('a\nb') }}",
        "{% if n %}{{ raise_exception('x') }}{% endif %}",
        "{% set _ = n %}{{ _ }}",
        "{% set \u00e9t\u00e9 = 1 %}{{ \u00e9t\u00e9 }}",
        "{% macro m() %}{{ self }}{% endmacro %}",
        "{% for x in [[1, [2]]] recursive %}{{ x if x is number else loop(x) }}{% endfor %}",
    ]


def white_space():
    """Tags of each kind with each sign on each side, between kinds of white space."""
    signs = ["", "-", "+"]
    for before, after in itertools.product(["", "a", " ", "a ", "\n", "a\n", "a \n ", "\n\n  ", "\t"], ["", "b", "\n", " \nb", "\n\n b", "  b"]):
        for begin, end in itertools.product(signs, signs):
            yield f"{before}{{%{begin} set x = 1 {end}%}}{after}"
            yield f"{before}{{#{begin} x {end}#}}{after}"
            if end != "+":
                yield f"{before}{{{{{begin} n {end}}}}}{after}"
    for before, inner, after in itertools.product(["a\n  ", " "], ["b", "\n b \n ", " "], ["\nc", " c"]):
        for one, two, three, four in itertools.product(signs, ["", "-"], signs, signs):
            yield f"{before}{{%{one} raw {two}%}}{inner}{{%{three} endraw {four}%}}{after}"
        for one, two, three, four in itertools.product(signs, signs, signs, signs):
            yield f"{before}{{%{one} if n {two}%}}{inner}{{%{three} endif {four}%}}{after}"
    yield "{{ n }}\n  {% set x = 1 %}\n  {{ n }}  {% set x = 1 %}  \n"
    yield "{% set x = 1 %}  {% set x = 1 %}\n"
    yield "{% set x = 1 %}\n  {% set x = 1 %}\n  a"
    yield "{{ n }}  {% set x = 1 %}"
    yield "{{ n -}}\n  {% set x = 1 %}"
    yield "{# a #}  {% set x = 1 %}\n  {# b #}\n x"
    yield "  {# a\n b #}  {# c #}\nx"


def line(template, variables, env):
    try:
        rendered = env.from_string(template).render(**variables)
        rendered.encode("utf-8")
        if " at 0x" in rendered:
            return None
    except UnicodeEncodeError:
        return None
    except (MemoryError, RecursionError):
        rendered = None
    except Exception:
        rendered = None
    return {"t": template, "e": rendered}


# What would take Python's memory or time and is refused here; each must raise.
BOMBS = [
    "'x' * 10**9", "[0] * 10**9", "2 ** (10**9)", '"%1000000000d" % 1', '"%.1000000000f" % 1', '"{:1000000000}".format(1)',
    '"x".center(10**9)', '"x".ljust(10**10)', '"x"|center(10**9)', '"x"|indent(10**9)', '"x".zfill(10**9)',
]


def main():
    env = environment()
    env.from_string("{{ range(1) }}")
    templates = ["{{ %s }}" % each for each in expressions()] + list(statements()) + list(white_space())
    with open(sys.argv[1], "w", encoding="utf-8") as out:
        out.write(json.dumps({"variables": VARIABLES}) + "\n")
        seen = set()
        for template in templates:
            if template in seen:
                continue
            seen.add(template)
            if template[3:-3] in BOMBS:
                golden = {"t": template, "e": None}
            else:
                golden = line(template, VARIABLES, env)
            if golden is not None:
                out.write(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
