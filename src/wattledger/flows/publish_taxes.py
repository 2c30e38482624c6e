"""Publishes tax rules: sessions that start from then on at the place, of the customer, bear the taxes they say."""

from __future__ import annotations

from dataclasses import dataclass

from wattledger.core.kernel.errors import InvalidInput, NotFound
from wattledger.core.tax.rules import TaxRules, check_tax_rules
from wattledger.flows.ports.base import Clock, Ids, UnitOfWork, Work
from wattledger.flows.ports.catalog import Site
from wattledger.flows.ports.price_terms import TaxPublication
from wattledger.flows.ports.staff import AuditRecord


@dataclass(frozen=True, slots=True)
class TaxPlace:
    """Whose sessions the rules are for: at one site by its name, or at every site of a country (ISO 3166).

    ``customer_no`` makes them one customer's alone: reverse charge and exemptions.
    """

    country: str | None = None
    site: str | None = None
    customer_no: str | None = None


async def publish_taxes(
    uow: UnitOfWork, clock: Clock, ids: Ids, tenant_id: int, *, place: TaxPlace, rules: TaxRules, by: str
) -> bool:
    """Whether anything changed: rules that are the last ones there already are not published again.

    What began before keeps the rules that it began under. Raises InvalidInput ``tax_place_malformed`` and what
    ``check_tax_rules`` raises, NotFound ``site_unknown`` or ``customer_unknown``.
    """
    check_tax_rules(rules)
    now = clock.now()
    async with uow.begin(tenant_id) as work:
        site = await _site(work, place)
        customer_id = None
        if place.customer_no is not None:
            customer_id = await work.catalog.customer_id(place.customer_no)
            if customer_id is None:
                raise NotFound("customer_unknown", f"There is no customer {place.customer_no[:40]!r}.")
        site_name = None if site is None else site.name
        for known in await work.price_terms.tax_publications():
            if (known.country, known.site_name, known.customer_no) == (
                place.country,
                site_name,
                place.customer_no,
            ):
                if known.rules == rules:
                    return False
                break
        publication = TaxPublication(
            tax_publication_id=ids.new(),
            country=place.country,
            site_id=None if site is None else site.site_id,
            customer_id=customer_id,
            rules=rules,
            published_at=now,
            published_by=by,
        )
        await work.price_terms.publish_taxes(publication)
        await work.staff.insert_audit(
            AuditRecord(ids.new(), now, by, "taxes_published", "taxes", publication.tax_publication_id)
        )
    return True


async def _site(work: Work, place: TaxPlace) -> Site | None:
    if (place.site is None) is (place.country is None):
        raise InvalidInput("tax_place_malformed", "Name a site or a country, not both.")
    sites = await work.catalog.sites()
    if place.country is not None:
        if all(one.country != place.country for one in sites):
            raise InvalidInput("tax_place_malformed", f"There is no site in {place.country[:10]!r}.")
        return None
    named = [one for one in sites if one.name == place.site]
    if len(named) != 1:
        problem = "no site" if not named else f"{len(named)} sites"
        raise NotFound("site_unknown", f"There is {problem} named {(place.site or '')[:60]!r}.")
    return named[0]
