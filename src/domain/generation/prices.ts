/** What is paid for what models make. */

import type { TaskKind } from '../task-kinds.ts'

/**
 * What a credit is worth when the price of somebody else is turned into credits: a cent. A credit is a
 * second of rendered video, which services sell for about that; and a cent is fine enough that rounding a
 * call up to whole credits does not matter against what models cost.
 */
export const CREDIT_MICRO_USD = 10_000

/** A begun thousand counts, as providers bill by the character. */
export type PriceUnit =
  | 'call'
  | 'image'
  /** Of what was made. */
  | 'output second'
  /** Of the longest file that was given. */
  | 'input second'
  /** Of what is spoken. */
  | '1000 characters'

/** A provider's price, as it was published on a day. */
export interface ProviderPrice {
  readonly kind: 'provider'
  readonly per: PriceUnit
  /** Where it depends on a parameter: of the parameter's default. */
  readonly microUsd: number
  readonly pricedOn: string
  readonly by?: {
    readonly param: string
    readonly microUsd: Readonly<Record<string, number>>
  }
}

/** Engines of ours cost what the task costs that would do the same. */
export interface OwnPrice {
  readonly kind: 'own'
  readonly task: TaskKind
}

export type ModelPrice = ProviderPrice | OwnPrice

/** When the prices in the table of models were looked up. */
const PRICED_ON = '2026-11-21'

export const providerPrice = (
  per: PriceUnit,
  microUsd: number,
  by?: ProviderPrice['by'],
): ProviderPrice => ({
  kind: 'provider',
  per,
  microUsd,
  pricedOn: PRICED_ON,
  ...(by === undefined ? {} : { by }),
})

export const ownPrice = (task: TaskKind): OwnPrice => ({ kind: 'own', task })

/** Credits for what a provider is paid; whatever costs something costs a credit. */
export const creditsOf = (costMicroUsd: number): number =>
  Math.ceil(costMicroUsd / CREDIT_MICRO_USD)
