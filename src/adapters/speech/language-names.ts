/** The languages that Whisper knows, by code; it answers with their English names. */
const CODES = (
  'en zh de es ru ko fr ja pt tr pl ca nl ar sv it id hi fi vi he uk el ms cs ro da hu ta no th ur hr bg lt ' +
  'la mi ml cy sk te fa lv bn sr az sl kn et mk br eu is hy ne mn bs kk sq sw gl mr pa si km sn yo so af oc ' +
  'ka be tg sd gu am yi lo uz fo ht ps tk nn mt sa lb my bo tl mg as tt haw ln ha ba jw su yue'
).split(' ')

/** Where its names are not those of the standard. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  castilian: 'es',
  valencian: 'ca',
  flemish: 'nl',
  burmese: 'my',
  myanmar: 'my',
  'haitian creole': 'ht',
  haitian: 'ht',
  letzeburgesch: 'lb',
  moldavian: 'ro',
  moldovan: 'ro',
  nynorsk: 'nn',
  panjabi: 'pa',
  pushto: 'ps',
  sinhalese: 'si',
  tagalog: 'tl',
  javanese: 'jv',
  jw: 'jv',
  mandarin: 'zh',
}

const names = new Intl.DisplayNames('en', { type: 'language' })
const BY_NAME: Readonly<Record<string, string>> = {
  ...Object.fromEntries(CODES.map((code) => [(names.of(code) ?? code).toLowerCase(), code])),
  ...OTHER_NAMES,
}

/** The BCP 47 code for a code or an English name; `und` for what is neither. */
export const languageOfName = (name: string): string => {
  const lower = name.trim().toLowerCase()
  const known = BY_NAME[lower]
  if (known !== undefined) return known
  try {
    return /^[a-z]{2,3}(?:-|$)/.test(lower) ? (Intl.getCanonicalLocales(lower)[0] ?? 'und') : 'und'
  } catch {
    return 'und'
  }
}
