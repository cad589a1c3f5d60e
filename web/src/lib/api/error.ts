/** What a call can fail with: google.rpc.Status as the server sends it, or no answer at all. */

interface StatusDetail {
  "@type"?: string;
  reason?: string;
  retryDelay?: string;
  fieldViolations?: { field?: string; description?: string }[];
}

interface StatusJson {
  code?: number;
  message?: string;
  details?: StatusDetail[];
}

/** The google.rpc.Code values this UI tells apart. */
export const Code = {
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
} as const;

const CODE_OF_HTTP: Record<number, number> = {
  400: Code.INVALID_ARGUMENT,
  401: Code.UNAUTHENTICATED,
  404: Code.NOT_FOUND,
  429: Code.RESOURCE_EXHAUSTED,
  502: Code.UNAVAILABLE,
  503: Code.UNAVAILABLE,
  504: Code.UNAVAILABLE,
};

interface ApiErrorFields {
  code: number;
  message: string;
  reason?: string | undefined;
  retryAfter?: number | undefined;
  field?: string | undefined;
  unreachable?: boolean;
}

export class ApiError extends Error {
  readonly code: number;
  /** A stable word in capitals, as in google.rpc.ErrorInfo. */
  readonly reason: string | undefined;
  /** Seconds after which the server asks to be called again. */
  readonly retryAfter: number | undefined;
  /** The first field that the server refused. */
  readonly field: string | undefined;
  /** No answer came at all, so nobody knows whether the call did anything. */
  readonly unreachable: boolean;

  constructor(fields: ApiErrorFields) {
    super(fields.message);
    this.name = "ApiError";
    this.code = fields.code;
    this.reason = fields.reason;
    this.retryAfter = fields.retryAfter;
    this.field = fields.field;
    this.unreachable = fields.unreachable ?? false;
  }
}

export function unreachable(): ApiError {
  return new ApiError({ code: Code.UNAVAILABLE, message: "No answer from your server.", unreachable: true });
}

/** Read a refused answer. A gateway may answer with no body, or with one that is not ours. */
export function fromAnswer(httpStatus: number, body: unknown, retryAfterHeader: string | null): ApiError {
  const status: StatusJson = typeof body === "object" && body !== null ? body : {};
  const details = Array.isArray(status.details) ? status.details : [];
  const seconds = Number.parseFloat(
    details.find((detail) => detail.retryDelay)?.retryDelay ?? retryAfterHeader ?? "",
  );
  return new ApiError({
    code: status.code || CODE_OF_HTTP[httpStatus] || Code.INTERNAL,
    message: status.message || "The server could not do that.",
    reason: details.find((detail) => detail.reason)?.reason,
    retryAfter: Number.isFinite(seconds) ? seconds : undefined,
    field: details.find((detail) => detail.fieldViolations)?.fieldViolations?.[0]?.field,
  });
}

export function isCode(error: unknown, code: number): error is ApiError {
  return error instanceof ApiError && error.code === code;
}
