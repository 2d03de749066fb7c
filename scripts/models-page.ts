// `node scripts/run.mjs scripts/models-page.ts` writes docs/models.md from the table of models. A test
// compares the two, so the page is never behind.

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ModelFacts, ParamRule } from '../src/domain/generation/models/model-facts.ts'
import { MODELS } from '../src/domain/generation/models/table.ts'
import { CREDIT_MICRO_USD, type ModelPrice } from '../src/domain/generation/prices.ts'
import { projectRoot } from './stack/toolchain.ts'

const usd = (microUsd: number): string =>
  `$${(microUsd / 1e6).toFixed(6).replace(/0+$/, '').replace(/\.$/, '')}`

const priceOf = (price: ModelPrice): string => {
  if (price.kind === 'own') return `as a \`${price.task}\` task`
  const { by, microUsd, per } = price
  const unit = /^[0-9]/.test(per) ? per : `an ${per}`.replace(/^an (?![aeiou])/, 'a ')
  if (by === undefined) return `${usd(microUsd)} ${unit}`
  const values = Object.entries(by.microUsd).map(([value, each]) => `${value} ${usd(each)}`)
  return `${unit}, by \`${by.param}\`: ${values.join(', ')}`
}

const ruleOf = (rule: ParamRule): string => {
  switch (rule.kind) {
    case 'text':
      return `text, ${rule.lengthMax} characters`
    case 'file': {
      const most = rule.durationSecondsMax
      return `${rule.media.join(' or ')}${most === undefined ? '' : `, ${most} s`}`
    }
    case 'files':
      return `${rule.countMax} more images, in the list of \`image\``
    case 'choice':
      return `${rule.of.join(', ')}${rule.default === null ? '' : ` (${rule.default})`}`
    case 'number': {
      const usual = rule.default === null ? '' : ` (${rule.default})`
      return `${rule.min} to ${rule.max}${rule.whole ? ', whole' : ''}${usual}`
    }
    case 'flag':
      return 'true or false'
    case 'schema':
      return 'JSON Schema'
  }
}

const section = ([name, facts]: readonly [string, ModelFacts]): string => {
  const { operation, summary, takes, needs, routes, fallbacks } = facts
  const params = Object.entries(takes).map(([param, rule]) => `| \`${param}\` | ${ruleOf(rule)} |`)
  const ways = Object.entries(routes).map(
    ([provider, { price }]) => `${provider}: ${priceOf(price)}`,
  )
  const needed = needs.map((names) => names.map((each) => `\`${each}\``).join(' or ')).join('; ')
  const next = fallbacks.map(({ model, provider }) => `\`${model}\` at ${provider}`).join(', ')
  return [
    `### \`${name}\``,
    `\`${operation}\`. ${summary} Needs ${needed}.`,
    `${ways.join('; ')}.${next === '' ? '' : ` When it fails: ${next}.`}`,
    ['| takes | |', '|---|---|', ...params].join('\n'),
  ].join('\n\n')
}

/** The page, as it has to be. */
export const modelsPage = (): string =>
  `${[
    '# Models of plans',
    'Written by `scripts/models-page.ts` from `src/domain/generation/models/`; docs/plans.md says how plans are made.',
    `Prices are those that providers have published, dated in the table; a credit is worth ${usd(CREDIT_MICRO_USD)} of them, and whatever costs something costs a credit. What is paid follows what was delivered, as it was measured. Usual values are in brackets.`,
    '**Another model** is one entry in that folder (what it takes, how its provider is asked, where its answer holds the file, what it costs) and one recorded exchange in `test/domain/generation/models.test.ts`, which fails until there is one.',
    ...Object.entries<ModelFacts>(MODELS).map(section),
  ].join('\n\n')}\n`

if (import.meta.main) await writeFile(join(projectRoot, 'docs', 'models.md'), modelsPage())
