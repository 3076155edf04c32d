import pRetry from 'p-retry';
import type { AlertTarget } from '../../config/project-config.ts';
import type { Clock } from '../../context.ts';
import { chooseEvent } from '../../domain/alerts/choose.ts';
import type { Alert, MessageEvent } from '../../domain/alerts/alert.ts';
import type { Delivery, Notifier } from '../../notifier.ts';
import { sendEmail } from './email.ts';
import { postRequest } from './http.ts';
import { fromSocketError, NotifyError } from './notify-error.ts';
import { buildRequest } from './requests.ts';

export interface NotifierOptions {
  readonly targets: readonly AlertTarget[];
  readonly clock: Pick<Clock, 'now'>;
  readonly limits?: Partial<NotifyLimits>;
}

export interface NotifyLimits {
  /** Milliseconds that an attempt may take, from looking up the name to the answer. */
  readonly attemptMs: number;
  /** How often a message is sent again. */
  readonly retries: number;
  /** Milliseconds before that, the second time twice as many. */
  readonly retryMs: number;
}

const defaultLimits: NotifyLimits = { attemptMs: 10_000, retries: 2, retryMs: 1_000 };

/** Sends over all targets at once; each fails alone. */
export function createNotifier(options: NotifierOptions): Notifier {
  const limits = { ...defaultLimits, ...options.limits };
  const sendOnce = (target: AlertTarget, alert: Alert, event: MessageEvent): Promise<string> =>
    target.kind === 'email'
      ? withinLimit(sendEmail(target, { alert, event, limitMs: limits.attemptMs }), limits.attemptMs)
      : postRequest(buildRequest(target, alert, event, options.clock.now()), limits.attemptMs);
  const deliver = async (target: AlertTarget, alert: Alert, event: MessageEvent): Promise<Delivery> => {
    try {
      const answer = await pRetry(() => sendOnce(target, alert, event).catch(rethrow), {
        retries: limits.retries,
        minTimeout: limits.retryMs,
        factor: 2,
        shouldRetry: ({ error }) => error instanceof NotifyError && error.passing,
      });
      return { kind: target.kind, event, answer, error: undefined };
    } catch (error) {
      return { kind: target.kind, event, answer: undefined, error: fromSocketError(error).message };
    }
  };
  return {
    kinds: options.targets.map(({ kind }) => kind),
    send: (alert, only) =>
      Promise.all(
        options.targets
          .filter(({ kind }) => only === undefined || kind === only)
          .flatMap((target) => {
            const event = chooseEvent(target, alert);
            return event === undefined ? [] : [deliver(target, alert, event)];
          }),
      ),
  };
}

/** p-retry gives up at once on a TypeError, taking it for a defect. */
function rethrow(error: unknown): never {
  throw fromSocketError(error);
}

/** A server that says a word now and then keeps each of nodemailer's own limits. */
async function withinLimit<T>(work: Promise<T>, limitMs: number): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new NotifyError('there was no answer in time', true)), limitMs);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
