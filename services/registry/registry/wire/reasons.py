"""What each refusal of the registry looks like from outside."""

from __future__ import annotations

from typing import Final

from common.errors import Reason, Reasons
from grpc import StatusCode
from weights import finite, index, safetensors, signing

from registry.domain import (
    cards,
    content,
    examination,
    inspection,
    keys,
    listing,
    parts,
    release,
    shapes,
    shards,
    tokenizers,
    upload,
)
from registry.domain import checkpoint as checkpoints

REASONS: Final[Reasons] = {
    checkpoints.RegistryFieldError: Reason(StatusCode.INVALID_ARGUMENT, "FIELD_INVALID"),
    listing.PathRefusedError: Reason(StatusCode.INVALID_ARGUMENT, "CHECKPOINT_PATH_REFUSED"),
    listing.FileKindRefusedError: Reason(StatusCode.INVALID_ARGUMENT, "CHECKPOINT_FILE_KIND_REFUSED"),
    safetensors.SafetensorsRefusedError: Reason(StatusCode.INVALID_ARGUMENT, "SAFETENSORS_REFUSED"),
    safetensors.CheckpointFileTruncatedError: Reason(StatusCode.INVALID_ARGUMENT, "CHECKPOINT_FILE_TRUNCATED"),
    finite.TensorNotFiniteError: Reason(StatusCode.INVALID_ARGUMENT, "TENSOR_NOT_FINITE"),
    inspection.CheckpointFileDiffersError: Reason(StatusCode.INVALID_ARGUMENT, "CHECKPOINT_FILE_DIFFERS"),
    inspection.ConfigurationRefusedError: Reason(StatusCode.INVALID_ARGUMENT, "CONFIGURATION_REFUSED"),
    inspection.ParametersDifferError: Reason(StatusCode.INVALID_ARGUMENT, "PARAMETERS_DIFFER"),
    signing.KeyRefusedError: Reason(StatusCode.INVALID_ARGUMENT, "KEY_REFUSED"),
    signing.SignatureInvalidError: Reason(StatusCode.INVALID_ARGUMENT, "SIGNATURE_INVALID"),
    keys.SignatureMissingError: Reason(StatusCode.FAILED_PRECONDITION, "SIGNATURE_MISSING"),
    keys.KeyUnknownError: Reason(StatusCode.FAILED_PRECONDITION, "KEY_UNKNOWN"),
    keys.KeyRetiredError: Reason(StatusCode.FAILED_PRECONDITION, "KEY_RETIRED"),
    keys.KeyTakenError: Reason(StatusCode.ALREADY_EXISTS, "KEY_TAKEN"),
    content.ContentRefusedError: Reason(StatusCode.INVALID_ARGUMENT, "CHECKPOINT_CONTENT_REFUSED"),
    index.IndexRefusedError: Reason(StatusCode.INVALID_ARGUMENT, "SHARD_INDEX_REFUSED"),
    shards.ShardsRefusedError: Reason(StatusCode.INVALID_ARGUMENT, "SHARDS_REFUSED"),
    shapes.ShapeDiffersError: Reason(StatusCode.INVALID_ARGUMENT, "SHAPE_DIFFERS"),
    shapes.DtypeDiffersError: Reason(StatusCode.INVALID_ARGUMENT, "DTYPE_DIFFERS"),
    tokenizers.TokenizerRefusedError: Reason(StatusCode.INVALID_ARGUMENT, "TOKENIZER_REFUSED"),
    cards.CardContradictsError: Reason(StatusCode.INVALID_ARGUMENT, "CARD_CONTRADICTS"),
    parts.PartsIncompleteError: Reason(StatusCode.FAILED_PRECONDITION, "CHECKPOINT_PARTS_INCOMPLETE"),
    upload.FileMissingError: Reason(StatusCode.FAILED_PRECONDITION, "CHECKPOINT_FILE_MISSING"),
    upload.PartDamagedError: Reason(StatusCode.DATA_LOSS, "CHECKPOINT_PART_DAMAGED"),
    upload.UploadCommittedOtherwiseError: Reason(StatusCode.FAILED_PRECONDITION, "UPLOAD_COMMITTED_OTHERWISE"),
    upload.UploadClosedError: Reason(StatusCode.FAILED_PRECONDITION, "UPLOAD_CLOSED"),
    examination.ReferenceExistsError: Reason(StatusCode.ALREADY_EXISTS, "REFERENCE_EXISTS"),
    examination.ReferenceWithdrawnError: Reason(StatusCode.FAILED_PRECONDITION, "REFERENCE_WITHDRAWN"),
    examination.FingerprintRefusedError: Reason(StatusCode.INVALID_ARGUMENT, "FINGERPRINT_REFUSED"),
    examination.FingerprintMissingError: Reason(StatusCode.FAILED_PRECONDITION, "FINGERPRINT_MISSING"),
    upload.JobHasCheckpointError: Reason(StatusCode.ALREADY_EXISTS, "JOB_HAS_CHECKPOINT"),
    upload.VersionMovedOnError: Reason(StatusCode.ABORTED, "VERSION_MOVED_ON"),
    upload.QuotaExceededError: Reason(StatusCode.RESOURCE_EXHAUSTED, "QUOTA_EXCEEDED"),
    release.LicenceTextMissingError: Reason(StatusCode.FAILED_PRECONDITION, "LICENCE_TEXT_MISSING"),
    release.ReleasedOtherwiseError: Reason(StatusCode.ALREADY_EXISTS, "RELEASED_OTHERWISE"),
    release.ReleaseWithdrawnError: Reason(StatusCode.FAILED_PRECONDITION, "RELEASE_WITHDRAWN"),
}
"""What the registry's refusals look like from outside."""
