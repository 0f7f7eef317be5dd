// Writes attention_edit.json: what the web UI's own scripts make of a prompt on Ctrl+Up, Ctrl+Down, Alt+Left and Alt+Right.
//
// node attention_edit.mjs WEBUI/javascript ../fixtures/prompt/attention_edit.json
//
// WEBUI is a checkout of the web UI at 1.10.1, or of Forge, whose two files are the same. The scripts run as they are, with its default
// options and a stand-in for the text field. Left out are prompts in which danlu differs on purpose: brackets behind a backslash, more than
// a number in the place of a weight, and numbers with an exponent.

import fs from "node:fs";
import path from "node:path";
import vm from "node:vm";

const [folder, output] = process.argv.slice(2);
const listeners = [];
// Whether a number was read from something that is more than a number.
let cut = false;
const context = vm.createContext({
    opts: {
        keyedit_precision_attention: 0.1,
        keyedit_precision_extra: 0.05,
        keyedit_delimiters: ".,\\/!?%^*;:{}=`~() ",
        keyedit_delimiters_whitespace: ["Tab", "Carriage Return", "Line Feed"],
        keyedit_move: true,
    },
    addEventListener: (_, listener) => listeners.push(listener),
    updateInput: () => {},
    parseFloat(text) {
        const number = parseFloat(text);
        cut ||= !isNaN(number) && !/^\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*$/i.test(text);
        return number;
    },
});
for (const name of ["edit-attention.js", "edit-order.js"]) {
    vm.runInContext(fs.readFileSync(path.join(folder, name), "utf8"), context);
}

const keys = {
    up: {key: "ArrowUp", ctrlKey: true},
    down: {key: "ArrowDown", ctrlKey: true},
    left: {key: "ArrowLeft", altKey: true},
    right: {key: "ArrowRight", altKey: true},
};

function press(key, [text, start, end]) {
    const target = {
        value: text,
        selectionStart: start,
        selectionEnd: end,
        matches: () => true,
        focus: () => {},
        setSelectionRange(start, end) {
            this.selectionStart = start;
            this.selectionEnd = end;
        },
    };
    const event = {originalTarget: target, preventDefault: () => {}, ...keys[key]};
    for (const listener of listeners) listener(event);
    return [target.value, target.selectionStart, target.selectionEnd];
}

// Knuth's MMIX generator, as in prompts.py.
let seed = 20240727n;
function below(bound) {
    seed = (seed * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn;
    return Number(seed >> 33n) % bound;
}

// "|" marks the ends of the selection.
const written = [
    "|", "fo|x", "|fox", "fox|", "a |red| fox", "a |red fox|, den", "a |red |fox", "a |  | fox", "a | fox",
    "(fo|x:1.1)", "(fox|:1.1)", "(|fox:1.1)", "|(fox:1.1)", "(fox:1.1)|", "(fox:1.|1)", "(|fox|:1.1)", "(|fox:1.1|)",
    "(fo|x)", "((fo|x))", "(((fo|x)))", "((|fox|))", "[fo|x]", "[[fo|x]]", "([fo|x])", "(fox [de|n])", "(fox, |den)", "(fox, |den|)",
    "(|fox|, den)", "((fo|x)", "(fo|x))", "(fo|x", "fo|x)", "(fox:0.9)|, den", "(fo|x:0.9)", "(fo|x:0.1)", "(fo|x:0)", "(fo|x:-0.1)",
    "(fo|x:-1)", "(fo|x:.5)", "(fo|x:5.)", "(fo|x:+1.2)", "(fo|x: 1.2 )", "(fo|x:1.15)", "(fo|x:1e2)", "(fo|x:)", "(a:b fo|x:1.2)",
    "(a:1 fo|x:b)", "(aaaa:1.1) bb|bb (cccc:1.1)", "(aaaa:1.1)| bbbb (cccc:1.1)", "<lora:in|k:1>", "<lora:in|k:0.95>", "<lora:ink:0.5:|1>",
    "<lora:in|k>", "<lo|ra:ink:1:lbw=OUT>", "<hypernet:a|b:0.05>", "(<lora:in|k:1>:1.2)", "a<b fo|x", "a>b fo|x", "[fo|x:den:0.5]",
    "[fox|den|0.5]", "fox,de|n/owl", "fox_den|-owl", "fox\nde|n\towl", "fox[de|n]", "fox's| den", "红|狐狸, 森林", "(红狐|狸:1.2)",
    "🦊 |🦊🦊| x", "é|é, x", "(fox|", "(fo|x:1.3), (den:1.2)", "{fo|x}", "__col|ors__", "a, |b, c", "a, b|, c", "|a, b", "a, b, |c",
    "a,|b, c|,d", "a|,|b", "|,", ",|", ",,|,,", "a,b,c|", "红狐,森|林,雪", "(a, b|:1.2), c", "a\n,b|\n,c",
];
const alphabet = [
    "fox", "red", "a", " ", " ", ",", ",", "(", ")", "(", ")", "[", "]", "<", ">", ":", ":1.1", ":0.9", ":1", ":-.5", "1.2", "<lora:x:", ".",
    "\n", "狐", "🦊", "/", "-", "(fox:1.3)", "((fox))", "[fox]", "<lora:x:1>",
];
const starts = written.map((line) => {
    const parts = line.split("|");
    // A "|" of the grammar stays; the first and, if there are two or more, the second mark the selection.
    const [a, b = "", ...rest] = parts;
    const text = parts.length > 2 ? a + b + rest.join("|") : a + b;
    return [text, a.length, parts.length > 2 ? (a + b).length : a.length];
});
while (starts.length < 800) {
    const parts = Array.from({length: 1 + below(12)}, () => alphabet[below(alphabet.length)]);
    const text = parts.join("");
    const borders = [0];
    for (const c of text) borders.push(borders.at(-1) + c.length);
    const ends = [below(borders.length), below(borders.length)].sort((a, b) => a - b);
    const start = borders[ends[0]];
    const end = below(2) ? start : borders[ends[1]];
    starts.push([text, start, end]);
}

const cases = [];
for (const start of starts) {
    for (const key of Object.keys(keys)) {
        cut = false;
        const once = press(key, start);
        // The second press shows what the selection that the first one leaves does.
        const twice = press(key, once);
        if (!cut && !/\de[-+]\d|Infinity/.test(twice[0])) cases.push([key, start, once, twice]);
    }
}
const lines = cases.map((row) => JSON.stringify(row)).join(",\n");
fs.mkdirSync(path.dirname(output), {recursive: true});
fs.writeFileSync(output, `{"version":"1.10.1","units":"UTF-16","cases":[\n${lines}\n]}\n`);
console.error(`${cases.length} cases`);
