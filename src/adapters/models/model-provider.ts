import type { ModelOperation } from '../../domain/generation/operations.ts'
import type { TimedText } from '../../domain/transcript.ts'

/** One paid call, in the words of the provider. */
export interface ModelCall {
  readonly operation: ModelOperation
  /** As the provider names it: `google/nano-banana`, `fal-ai/nano-banana`, a voice model. */
  readonly model: string
  /** As the provider wants it; made by the table of models. */
  readonly body: Readonly<Record<string, unknown>>
  /** Ours, one per paid order: by it a call can be found again where the provider can search. */
  readonly reference: string
  /** Null: nobody outside can reach us; it is polled. */
  readonly webhookUrl: string | null
}

/** What brings us back to a job; small, plain JSON. */
export interface ModelJobHandle {
  readonly id: string
  readonly urls?: Readonly<Record<string, string>>
}

/** What a model made: JSON in which the table of models finds URLs and texts, or a file that is
 * there already (with what was spoken in it, where the provider knows). */
export type ModelAnswer =
  | { readonly json: unknown }
  | {
      readonly file: { readonly path: string; readonly contentType: string }
      readonly words?: readonly TimedText[]
    }

export type Submission =
  | { readonly status: 'accepted'; readonly handle: ModelJobHandle }
  | { readonly status: 'completed'; readonly answer: ModelAnswer }

export type ModelJobState =
  | { readonly status: 'queued' | 'processing'; readonly progressRatio: number | null }
  | { readonly status: 'completed'; readonly answer: ModelAnswer }
  | {
      readonly status: 'failed' | 'canceled'
      /** For operators; never shown to customers. */
      readonly detail: string
      /** The provider says that the input is to blame. */
      readonly isRejected: boolean
    }

/** What is known of an order whose acceptance was not heard of. */
export interface PlacedOrder extends ModelCall {
  /** When it was sent first, by our clock. */
  readonly orderedAtMs: number
}

interface Cancelable {
  readonly signal?: AbortSignal
}

/**
 * A provider of models. Nothing in here retries: a paid call is repeated by nobody but the workflow.
 * *Errors:* PROVIDER_UNAVAILABLE (429 with `retryAfterMs`, 5xx, no answer before anything was sent),
 * PROVIDER_REJECTED (other 4xx; a key that is refused), PROVIDER_OUTPUT_INVALID (HTML, truncated JSON;
 * of `submit`: a readable answer without what is due, so that the order is over and another one would be
 * paid again), PROVIDER_OUTCOME_UNKNOWN (`submit`: sent, and no answer, a gateway's, or one that cannot be
 * read; `find`: nobody can tell).
 */
export interface ModelProvider {
  readonly name: string
  submit(
    call: ModelCall,
    options: Cancelable & {
      /** Where files that come with the answer are put: a private, empty folder. */
      readonly folder: string
    },
  ): Promise<Submission>
  /** *Errors:* as above; a job that is not known any more is `failed`. */
  inspect(
    handle: ModelJobHandle,
    options: Cancelable & { readonly folder: string },
  ): Promise<ModelJobState>
  /** Stops a job; one that is over is left alone. */
  cancel(handle: ModelJobHandle, options: Cancelable): Promise<void>
  /** The job of an order; null: surely none was accepted, so that it may be sent again. Missing where
   * nobody can look it up. *Errors:* as above; PROVIDER_UNAVAILABLE with `retryAfterMs` while the order
   * may still be on its way. */
  find?(order: PlacedOrder, options: Cancelable): Promise<ModelJobHandle | null>
  /** What brings us back to a job of which an operator has found the id. Missing: its id is enough. */
  handleOf?(job: { readonly id: string; readonly model: string }): ModelJobHandle
  /** Judges a webhook by its signature over the raw body; news is a hint, and the job is asked.
   * *Errors:* UNAUTHENTICATED, BODY_MALFORMED; as above when its keys cannot be had. Missing
   * where the provider sends none, or none that can be judged: then it is given no `webhookUrl`. */
  verifyWebhook?(webhook: {
    readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
    readonly rawBody: Uint8Array
    readonly nowSeconds: number
  }): Promise<{ readonly ended: boolean }>
}
