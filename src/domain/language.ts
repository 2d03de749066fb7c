/**
 * The BCP 47 form of a language tag: `en` for the `eng` of a film's sound track. Null if there is none
 * or it is no tag.
 */
export const canonicalLanguage = (tag: string | undefined): string | null => {
  if (tag === undefined) return null
  try {
    return Intl.getCanonicalLocales(tag.replaceAll('_', '-'))[0] ?? null
  } catch {
    return null
  }
}

/** What the speakers of a language call it, with a capital, as menus have it: `Deutsch`. */
export const languageName = (language: string): string => {
  const name = new Intl.DisplayNames([language], { type: 'language' }).of(language) ?? language
  return `${name.charAt(0).toLocaleUpperCase(language)}${name.slice(1)}`
}
