"""The official SDK against a simulated Azure, with no code of ours between."""

from __future__ import annotations

from typing import Any

from azure.core.credentials import AccessToken
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.hybridcompute import HybridComputeManagementClient
from azure.mgmt.maintenance import MaintenanceManagementClient
from azure.mgmt.resource.deployments import DeploymentsMgmtClient
from azure.mgmt.resourcegraph import ResourceGraphClient
from azure.mgmt.resourcegraph.models import QueryRequest, QueryRequestOptions

from .simulator import Simulated


class NoToken:
    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        raise AssertionError(f"requested a token: {scopes}")


class Anonymous(SansIOHTTPPolicy):
    """azure-core refuses a bearer over plain http, so none is added."""


def compute(azure: Simulated) -> ComputeManagementClient:
    return ComputeManagementClient(
        NoToken(), azure.subscription_id, base_url=azure.endpoint, authentication_policy=Anonymous()
    )


def hybrid(azure: Simulated, subscription_id: str) -> HybridComputeManagementClient:
    return HybridComputeManagementClient(
        NoToken(), subscription_id, base_url=azure.endpoint, authentication_policy=Anonymous()
    )


def maintenance(azure: Simulated) -> MaintenanceManagementClient:
    return MaintenanceManagementClient(
        NoToken(), azure.subscription_id, base_url=azure.endpoint, authentication_policy=Anonymous()
    )


def deployments(azure: Simulated) -> DeploymentsMgmtClient:
    return DeploymentsMgmtClient(
        NoToken(), azure.subscription_id, base_url=azure.endpoint, authentication_policy=Anonymous()
    )


def graph(azure: Simulated) -> ResourceGraphClient:
    return ResourceGraphClient(
        NoToken(), base_url=azure.endpoint, authentication_policy=Anonymous()
    )


def query(client: ResourceGraphClient, azure: Simulated, text: str, **options: Any) -> Any:
    request = QueryRequest(
        subscriptions=[azure.subscription_id],
        query=text,
        options=QueryRequestOptions(result_format="objectArray", **options),
    )
    return client.resources(request)
