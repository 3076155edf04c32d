import { z } from 'zod';

/**
 * What goes over the agent's control socket: one line of JSON each way, then it is closed. Only ever extended; what is not known is
 * ignored, and a request of another version is refused.
 */
export const controlVersion = 1;

/** A request or an answer is small. */
export const controlLineLimit = 1024 * 1024;

export const controlRequestSchema = z.discriminatedUnion('request', [
  z.object({ version: z.literal(controlVersion), request: z.literal('status') }),
  z.object({
    version: z.literal(controlVersion),
    request: z.literal('run-now'),
    project: z.string(),
    kind: z.enum(['backup', 'verify', 'drill']),
  }),
  z.object({ version: z.literal(controlVersion), request: z.literal('cancel'), project: z.string() }),
]);

export type ControlRequest = z.output<typeof controlRequestSchema>;

/** A request without what every one has. */
export type ControlQuestion = ControlRequest extends infer Each
  ? Each extends unknown
    ? Omit<Each, 'version'>
    : never
  : never;

const errorSchema = z.object({ code: z.string(), message: z.string(), hint: z.string() });

const activeSchema = z.object({
  kind: z.string(),
  startedAt: z.string(),
  pid: z.number().nullable(),
  stage: z.string().nullable(),
  /** Not of an older agent. */
  progress: z.string().nullable().optional(),
});

const projectSchema = z.object({
  name: z.string(),
  /** PROJECT_NAME; null where its file cannot be used. */
  project: z.string().nullable(),
  running: activeSchema.nullable(),
  next: z.array(z.object({ kind: z.string(), at: z.string(), reason: z.string(), retry: z.number() })),
  last: z
    .object({
      kind: z.string(),
      endedAt: z.string(),
      result: z.string(),
      errorCode: z.string().nullable(),
      message: z.string().nullable(),
    })
    .nullable(),
  /** Why its file cannot be used; what was known before counts until then. */
  problem: z.string().nullable(),
});

export const controlAnswerSchema = z.object({
  version: z.number(),
  error: errorSchema.optional(),
  status: z
    .object({
      pid: z.number(),
      agentVersion: z.string(),
      startedAt: z.string(),
      maxConcurrent: z.number(),
      projects: z.array(projectSchema),
    })
    .optional(),
  cancelled: activeSchema.optional(),
});

export type ControlAnswer = z.output<typeof controlAnswerSchema>;
export type AgentStatus = NonNullable<ControlAnswer['status']>;
export type AgentProject = z.output<typeof projectSchema>;
