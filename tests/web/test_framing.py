"""Tests of L{cpyrender.web.framing}."""

from __future__ import annotations

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    ChangedSetting,
    ConnectionTerminated,
    DataReceived,
    PingReceived,
    PriorityUpdated,
    RemoteSettingsChanged,
    RequestReceived,
    StreamReset,
    UnknownFrameReceived,
    WindowUpdated,
)
from h2.settings import SettingCodes
from hyperframe.frame import Frame
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from cpyrender.web.framing import ANY_STREAM, Framing, Fuss, go_away
from tests.web.http2 import head


def pair() -> tuple[Framing, H2Connection]:
    """Return our end of a connection, and a client's."""
    ours, client = Framing(7, Clock().seconds), H2Connection(H2Configuration())
    ours.initiate_connection()
    client.initiate_connection()
    ours.receive_data(client.data_to_send())
    client.receive_data(ours.data_to_send())
    ours.receive_data(client.data_to_send())
    return ours, client


class FramingTests(SynchronousTestCase):
    def test_settings(self) -> None:
        """The client is told how many streams, how much of a head and how much of a body it may send."""
        settings = pair()[1].remote_settings
        self.assertEqual((settings.max_concurrent_streams, settings.max_header_list_size), (7, 16384))
        self.assertEqual((settings.initial_window_size, settings.enable_push), (262144, 0))

    def test_table(self) -> None:
        """A client that offers a lot of memory for compression does not have us use as much."""
        ours, client = pair()
        client.update_settings({SettingCodes.HEADER_TABLE_SIZE: 1 << 31})
        ours.receive_data(client.data_to_send())
        self.assertEqual(ours.encoder.header_table_size, 4096)

    def test_open(self) -> None:
        """A stream is open from its request to the end of its answer."""
        ours, client = pair()
        self.assertFalse(ours.is_open(1))
        client.send_headers(1, head("GET", "/"), end_stream=True)
        ours.receive_data(client.data_to_send())
        self.assertTrue(ours.is_open(1))
        ours.send_headers(1, [(":status", "204")], end_stream=True)
        self.assertFalse(ours.is_open(1))

    def test_go_away(self) -> None:
        """After GOAWAY, of ours or of the client's, what is in flight goes on."""
        ours, client = pair()
        client.send_headers(1, head("GET", "/"), end_stream=True)
        data = client.data_to_send() + go_away(0)
        client.increment_flow_control_window(1)
        events = ours.receive_data(data + client.data_to_send())
        self.assertEqual([type(event) for event in events][-2:], [ConnectionTerminated, WindowUpdated])
        ours.send_headers(1, [(":status", "204")], end_stream=True)
        client.receive_data(ours.data_to_send())
        (event,) = client.receive_data(go_away(ANY_STREAM))
        assert isinstance(event, ConnectionTerminated)
        self.assertEqual((event.error_code, event.last_stream_id), (0, (1 << 31) - 1))


class FussTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.fuss = Fuss(self.clock.seconds)

    def test_too_much(self) -> None:
        """So many resets, pings and settings are forgiven at once, and as many a second as time goes by."""
        kinds = (StreamReset(stream_id=1), PingReceived(ping_data=b"12345678"), RemoteSettingsChanged())
        self.assertEqual([self.fuss.is_too_much(kinds[n % 3]) for n in range(201)], [False] * 200 + [True])
        self.clock.advance(1.1)
        self.assertEqual([self.fuss.is_too_much(kinds[0]) for _ in range(22)], [False] * 21 + [True])
        self.clock.advance(1000)
        self.assertEqual([self.fuss.is_too_much(kinds[0]) for _ in range(201)], [False] * 200 + [True])

    def test_work(self) -> None:
        """What is part of a request is none."""
        event = DataReceived(stream_id=1)
        event.data = b"x"
        self.assertFalse(any(self.fuss.is_too_much(event) for _ in range(1000)))

    def test_no_effect(self) -> None:
        """Frames without effect are too much where nothing is asked, and nothing is sent to the client."""
        empty = DataReceived(stream_id=1, data=b"")
        for event in (
            WindowUpdated(stream_id=0),
            UnknownFrameReceived(frame=Frame(0)),
            PriorityUpdated(),
            empty,
        ):
            self.fuss = Fuss(self.clock.seconds)
            self.fuss.allow(100)
            self.assertEqual([self.fuss.is_too_much(event) for _ in range(301)], [False] * 300 + [True])
            for _ in range(10):
                self.assertFalse(self.fuss.is_too_much(RequestReceived(stream_id=1, headers=[])))
            self.assertEqual([self.fuss.is_too_much(event) for _ in range(41)], [False] * 40 + [True])

    def test_pieces(self) -> None:
        """Each piece of an answer may be taken note of, for its stream and for the connection."""
        ours, client = pair()
        client.send_headers(1, head("GET", "/"), end_stream=True)
        ours.receive_data(client.data_to_send())
        ours.send_headers(1, [(":status", "200")])
        for _ in range(500):
            ours.send_piece(1, b"x", False)
        event = WindowUpdated(stream_id=0)
        self.assertEqual([ours.fuss.is_too_much(event) for _ in range(1201)], [False] * 1200 + [True])

    def test_settings(self) -> None:
        """More settings at once than there are kinds of them are too much."""
        event = RemoteSettingsChanged()
        event.changed_settings = {number: ChangedSetting(number, None, 1) for number in range(33)}
        self.assertTrue(self.fuss.is_too_much(event))
