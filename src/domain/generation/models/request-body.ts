/** How parameters are written into requests. */

import type { ReadyParams } from './model-facts.ts'

/** Without what was not given: providers take `null` for a value. */
export const given = (fields: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))

/** The model's own parameters as providers spell them: `prompt_optimizer`. */
export const ownParams = ({ extra = {} }: ReadyParams): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(extra).map(([name, value]) => [
      name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value,
    ]),
  )

/** Every image that was given, in order. */
export const imageUrls = ({ image, furtherImages = [] }: ReadyParams): readonly string[] =>
  [...(image === undefined ? [] : [image]), ...furtherImages].map(({ url }) => url)
