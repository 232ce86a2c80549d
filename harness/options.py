"""The options of a resource: on the wire, as transforms see them, and as a plan records them."""

from __future__ import annotations

from typing import Any

from pulumi.runtime.proto import resource_pb2

from harness.plan import Options


def options_of(request: Any) -> resource_pb2.TransformResourceOptions:
    """Return the options of a registration, in the form in which transforms see them."""
    options = resource_pb2.TransformResourceOptions(
        depends_on=request.dependencies,
        ignore_changes=request.ignoreChanges,
        replace_on_changes=request.replaceOnChanges,
        version=request.version,
        aliases=request.aliases,
        provider=request.provider,
        providers=request.providers,
        plugin_download_url=request.pluginDownloadURL,
        deleted_with=request.deletedWith,
        replace_with=request.replace_with,
        additional_secret_outputs=request.additionalSecretOutputs,
        hooks=request.hooks,
    )
    if request.HasField("customTimeouts"):
        options.custom_timeouts.CopyFrom(request.customTimeouts)
    if request.importId:
        setattr(options, "import", request.importId)
    if request.HasField("protect"):
        options.protect = request.protect
    if request.HasField("retainOnDelete"):
        options.retain_on_delete = request.retainOnDelete
    if request.deleteBeforeReplaceDefined:
        options.delete_before_replace = request.deleteBeforeReplace
    return options


def inherit(options: resource_pb2.TransformResourceOptions, parent: Options) -> None:
    """Take over what a resource inherits from its parent."""
    if not options.HasField("protect") and parent.protect is not None:
        options.protect = parent.protect
    if not options.HasField("retain_on_delete") and parent.retain_on_delete is not None:
        options.retain_on_delete = parent.retain_on_delete
    if not options.deleted_with and parent.deleted_with:
        options.deleted_with = parent.deleted_with


def recorded(options: resource_pb2.TransformResourceOptions) -> Options:
    """Return the options as a plan has them."""
    timeouts = {name.name: value for name, value in options.custom_timeouts.ListFields()}
    return Options(
        protect=options.protect if options.HasField("protect") else None,
        retain_on_delete=options.retain_on_delete if options.HasField("retain_on_delete") else None,
        delete_before_replace=options.delete_before_replace if options.HasField("delete_before_replace") else None,
        deleted_with=options.deleted_with or None,
        provider=provider_urn(options.provider),
        providers={package: provider_urn(provider) or "" for package, provider in options.providers.items()},
        aliases=tuple(map(_alias, options.aliases)),
        ignore_changes=tuple(options.ignore_changes),
        replace_on_changes=tuple(options.replace_on_changes),
        replace_with=tuple(options.replace_with),
        additional_secret_outputs=tuple(options.additional_secret_outputs),
        custom_timeouts=timeouts,
        import_id=getattr(options, "import") or None,
        version=options.version or None,
        plugin_download_url=options.plugin_download_url or None,
    )


def _alias(alias: Any) -> str | dict[str, Any]:
    if alias.HasField("urn"):
        return str(alias.urn)
    # The SDK writes an empty text for a parent that is not said.
    return {name.name: value for name, value in alias.spec.ListFields() if value != ""}


def provider_urn(reference: str) -> str | None:
    """Return the URN of a provider reference, which is a URN and an id."""
    return reference.rpartition("::")[0] if reference.count("::") > 3 else reference or None
