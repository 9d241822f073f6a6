"""event_reader.py: reads TensorBoard's event files by itself: records with checksums, and protobuf by hand."""

import struct


def _table():
    out = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        out.append(byte)
    return out


TABLE = _table()


def masked_crc(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = TABLE[(crc ^ byte) & 255] ^ crc >> 8
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def records(path):
    """The whole records of a file; what a kill has cut off is left out."""
    with open(path, "rb") as file:
        data = file.read()
    at = 0
    while at + 12 <= len(data):
        length, crc = struct.unpack_from("<QI", data, at)
        assert masked_crc(data[at : at + 8]) == crc, f"{path}: checksum of the length at {at}"
        if at + 16 + length > len(data):
            return
        body = data[at + 12 : at + 12 + length]
        assert masked_crc(body) == struct.unpack_from("<I", data, at + 12 + length)[0], f"{path}: checksum of the record at {at}"
        yield body
        at += 16 + length


def _varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        shift += 7
        at += 1
        if not data[at - 1] & 128:
            return value, at


def fields(data):
    """Number and value of every field of a message: an int, 8 or 4 bytes, or the bytes of a string or message."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        kind = key & 7
        if kind == 0:
            value, at = _varint(data, at)
        else:
            length, at = _varint(data, at) if kind == 2 else ({1: 8, 5: 4}[kind], at)
            value, at = data[at : at + length], at + length
        yield key >> 3, value


def events(path):
    """Each event as a dictionary: wall_time, step, and version, start, or scalars {tag: value} and texts {tag: text}."""
    for body in records(path):
        event = {"step": 0, "scalars": {}, "texts": {}}
        for number, value in fields(body):
            if number == 1:
                event["wall_time"] = struct.unpack("<d", value)[0]
            elif number == 2:
                event["step"] = value
            elif number == 3:
                event["version"] = value.decode()
            elif number == 7:
                event["start"] = dict(fields(value)).get(1) == 1
            elif number == 5:
                for _, one in fields(value):
                    one = dict(fields(one))
                    tag = one[1].decode()
                    if 2 in one:
                        event["scalars"][tag] = struct.unpack("<f", one[2])[0]
                    else:
                        tensor, plugin = dict(fields(one[8])), dict(fields(dict(fields(one[9]))[1]))
                        assert plugin == {1: b"text"} and tensor[1] == 7, (plugin, tensor)
                        event["texts"][tag] = tensor[8].decode()
        yield event
