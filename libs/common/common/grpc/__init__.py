"""gRPC, both sides: servers and clients are built from the contracts' descriptors."""

from common.grpc.calls import Call
from common.grpc.client import Channel, Client, connect
from common.grpc.following import Following
from common.grpc.server import GrpcServer
from common.grpc.status import PeerUnavailableError

__all__ = ["Call", "Channel", "Client", "Following", "GrpcServer", "PeerUnavailableError", "connect"]
