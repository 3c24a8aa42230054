// What a checkout can be refused for. The class of an error says what happened, its base class what
// to do about it:
//
//   Refused         an answer. Nothing was written, and the same call gets the same answer.
//   TryAgain        two transactions met. Nothing was written; the same call may succeed.
//   ConnectionLost  no answer. The order may exist: only an idempotency key makes a retry safe.
//
// Any other error of the database is a plain CheckoutError: a mistake to be looked into.

export class CheckoutError extends Error {
  static httpStatus = 500;

  constructor(message, { sqlstate, detail = {}, hint } = {}, cause = undefined) {
    super(message, { cause });
    this.name = this.constructor.name;
    this.sqlstate = sqlstate;
    this.detail = detail; // DETAIL, where it is a JSON object
    this.hint = hint;
  }

  get httpStatus() { return this.constructor.httpStatus; }
  get code() { return this.detail.code ?? 'unexpected'; }

  // Whether to send the call again; repeatable: twice does no more than once.
  mayRetry(repeatable) { return false; }
}

export class Refused extends CheckoutError {}

export class TryAgain extends CheckoutError {
  static httpStatus = 503;
  mayRetry(repeatable) { return true; }
}

export class ConnectionLost extends CheckoutError {
  static httpStatus = 503;
  mayRetry(repeatable) { return repeatable; }
}

// The store has no such cart of this customer.
export class CartNotFound extends Refused { static httpStatus = 404; }

// The cart is an order already, or was abandoned.
export class CartNotActive extends Refused {
  static httpStatus = 409;
  get orderId() { return this.detail.order_id ?? null; }
}

export class CartEmpty extends Refused { static httpStatus = 422; }

// The payment method is not the customer's, inactive or expired: detail.reason.
export class PaymentDeclined extends Refused { static httpStatus = 402; }

// Some of the cart cannot be sold; items names all of it: { sku, reason, requested, available }.
export class OutOfStock extends Refused {
  static httpStatus = 409;
  get items() { return this.detail.items; }
}

// The promo code cannot be used: detail.reason.
export class PromoRefused extends Refused { static httpStatus = 422; }

// The total is not the one the customer saw; detail has the new figures.
export class TotalChanged extends Refused {
  static httpStatus = 409;
  get total() { return this.detail.total; }
}

// The key was used for another request.
export class IdempotencyMismatch extends Refused { static httpStatus = 422; }

// No delivery there, or not for so little: detail.reason.
export class DeliveryUnavailable extends Refused { static httpStatus = 422; }

export class PurchaseLimitExceeded extends Refused { static httpStatus = 422; }

export class AgeNotVerified extends Refused { static httpStatus = 403; }

export class StoreClosed extends Refused { static httpStatus = 409; }

// Somebody switched checkout off.
export class CheckoutPaused extends Refused { static httpStatus = 503; }

// A value out of its range, an unknown customer, an amount that overflows.
export class InvalidArgument extends Refused { static httpStatus = 400; }

// This is a standby, or becomes one: connect to the primary.
export class ReadOnly extends Refused { static httpStatus = 503; }

// Something stayed locked for longer than the call may wait.
export class Locked extends TryAgain { static httpStatus = 409; }

// Another call uses this cart.
export class CartLocked extends Locked {}

// Another transaction holds stock, a promo code or an order that this one needs.
export class RowLocked extends Locked {}

// Only above READ COMMITTED.
export class SerializationFailure extends TryAgain {}

// Only where a transaction does more than one call.
export class Deadlock extends TryAgain {}

const BY_SQLSTATE = {
  WG001: CartNotFound, WG002: CartNotActive, WG003: CartEmpty, WG004: PaymentDeclined,
  WG005: OutOfStock, WG006: PromoRefused, WG007: TotalChanged, WG008: IdempotencyMismatch,
  WG009: DeliveryUnavailable, WG010: PurchaseLimitExceeded, WG011: AgeNotVerified,
  WG012: StoreClosed, WG014: CheckoutPaused,
  22023: InvalidArgument, 22003: InvalidArgument, 25006: ReadOnly,
  '55P03': Locked, 40001: SerializationFailure, '40P01': Deadlock,
};

// What has one SQLSTATE but more than one meaning.
const BY_CODE = { cart_locked: CartLocked, row_locked: RowLocked };

// A server that shuts down or crashes says so, if it can; 08 is the class of connection errors.
const CONNECTION_LOST = /^(08...|57P0[123])$/;

// The error for what the server said.
export function errorFor({ message, code: sqlstate, detail: detailText, hint }, cause) {
  const detail = parseDetail(detailText);
  const kind = CONNECTION_LOST.test(sqlstate)
    ? ConnectionLost
    : BY_CODE[detail.code] ?? BY_SQLSTATE[sqlstate] ?? CheckoutError;
  return new kind(message, { sqlstate, detail, hint }, cause);
}

// DETAIL is a JSON object where the extension raised the error, prose where PostgreSQL did.
function parseDetail(text) {
  try {
    const parsed = JSON.parse(text ?? '{}');
    return parsed !== null && typeof parsed === 'object' && !Array.isArray(parsed) ? parsed : {};
  } catch {
    return {};
  }
}
