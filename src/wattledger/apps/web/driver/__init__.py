"""A driver's pages: arrive, pay, charge, done."""

from __future__ import annotations

from litestar.types import ControllerRouterHandler

from wattledger.apps.web.driver.arrive import connector_live, connector_page, find_connector, pay, qr_code, welcome
from wattledger.apps.web.driver.debts import debt_document, debt_page, pay_debt_form, rest_page, transfer_code
from wattledger.apps.web.driver.follow import charging_live, charging_page, find_charging, stop
from wattledger.apps.web.driver.links import (
    look_for_receipt,
    receipt_by_link,
    receipt_file_by_link,
    receipt_form,
    start_by_link,
)
from wattledger.apps.web.driver.papers import receipt_page, receipt_pdf, signed_meter_data, why

driver_routes: list[ControllerRouterHandler] = [
    welcome,
    find_connector,
    connector_page,
    connector_live,
    pay,
    qr_code,
    find_charging,
    charging_page,
    charging_live,
    stop,
    rest_page,
    debt_page,
    pay_debt_form,
    transfer_code,
    debt_document,
    why,
    receipt_page,
    receipt_pdf,
    signed_meter_data,
    start_by_link,
    receipt_form,
    look_for_receipt,
    receipt_by_link,
    receipt_file_by_link,
]
