//! Clients and webhooks that mean harm or know no better: each gets a clear error or comes to a bounded end, and what
//! others say leaves meanwhile.

mod slow;
