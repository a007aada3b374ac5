/** Colours of syntax, line by line: strings, comments, numbers and words of the language. */

export interface Language {
  comment: string;
  words: ReadonlySet<string>;
}

export interface Token {
  kind: "plain" | "word" | "string" | "number" | "comment";
  text: string;
}

const PYTHON =
  "False None True and as assert async await break case class continue def del elif else except finally for from global if import in is lambda match nonlocal not or pass raise return try while with yield";
const SCRIPT =
  "abstract async await boolean break case catch class const continue default delete do else enum export extends false finally for from function if implements import in instanceof interface let new null number of private protected public readonly return static string super switch this throw true try type typeof undefined var void while yield";
const JAVA =
  "abstract boolean break byte case catch char class const continue default do double else enum extends false final finally float for if implements import instanceof int interface long new null package private protected public record return short static super switch synchronized this throw throws true try var void volatile while";
const GO =
  "break case chan const continue default defer else fallthrough false for func go goto if import interface map nil package range return select struct switch true type var";
const RUST =
  "as async await break const continue crate else enum extern false fn for if impl in let loop match mod move mut pub ref return self Self static struct super trait true type unsafe use where while";
const RUBY =
  "and begin break case class def do else elsif end ensure false for if in module next nil not or redo rescue retry return self super then true undef unless until when while yield";

const LANGUAGES: [endings: string, comment: string, words: string][] = [
  ["py pyi", "#", PYTHON],
  ["js jsx mjs cjs ts tsx mts", "//", SCRIPT],
  ["java kt kts scala cs", "//", JAVA],
  ["go", "//", GO],
  ["rs", "//", RUST],
  ["c h cc cpp hpp", "//", JAVA],
  ["rb", "#", RUBY],
  ["sh bash yml yaml toml cfg ini", "#", ""],
];

const KNOWN = new Map<string, Language>(
  LANGUAGES.flatMap(([endings, comment, words]) => {
    const language = { comment, words: new Set(words.split(" ")) };
    return endings.split(" ").map((ending) => [ending, language] as const);
  }),
);

const STRING = /"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|`(?:[^`\\]|\\.)*`?/y;
const NUMBER = /\d[\w.]*/y;
const WORD = /[\p{L}_$][\p{L}\p{N}_$]*/uy;

export function languageOf(path: string): Language | null {
  return KNOWN.get(path.slice(path.lastIndexOf(".") + 1).toLowerCase()) ?? null;
}

export function tokensOf(text: string, { comment, words }: Language): Token[] {
  const tokens: Token[] = [];
  const push = (kind: Token["kind"], part: string) => {
    const last = tokens.at(-1);
    if (last?.kind === kind) last.text += part;
    else tokens.push({ kind, text: part });
  };
  for (let at = 0; at < text.length;) {
    if (text.startsWith(comment, at)) {
      push("comment", text.slice(at));
      break;
    }
    const [kind, part] = partAt(text, at, words);
    push(kind, part);
    at += part.length;
  }
  return tokens;
}

function partAt(text: string, at: number, words: Language["words"]): [Token["kind"], string] {
  const string = matched(STRING, text, at);
  if (string) return ["string", string];
  const number = matched(NUMBER, text, at);
  if (number) return ["number", number];
  const word = matched(WORD, text, at);
  if (word) return [words.has(word) ? "word" : "plain", word];
  return ["plain", text[at] ?? ""];
}

function matched(form: RegExp, text: string, at: number): string {
  form.lastIndex = at;
  return form.exec(text)?.[0] ?? "";
}
