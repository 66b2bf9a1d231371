using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Kavalek.Host;

/// <summary>
/// The chunks of a backup: 4 bytes of length, AES-256-GCM of at most 256 KiB, 16 bytes of tag. The nonce is the chunk's number and whether it is the
/// last; the header is bound to each. So nothing can be left out, moved, cut off or added.
/// </summary>
internal static class SealedStream
{
    const int ChunkBytes = 256 * 1024, TagBytes = 16, LengthBytes = 4;
    const uint LastBit = 0x8000_0000;

    /// <summary>Seals what is written to it. It is whole after <see cref="Writer.Finish"/>, which a stream that broke off never sees.</summary>
    public sealed class Writer(Stream inner, byte[] header, byte[] key) : Stream
    {
        readonly AesGcm _aes = new(key, TagBytes);
        readonly byte[] _plain = new byte[ChunkBytes];
        readonly byte[] _sealed = new byte[LengthBytes + ChunkBytes + TagBytes];
        int _filled;
        ulong _number;

        /// <summary>Writes the last chunk.</summary>
        public void Finish() => Chunk(last: true);

        /// <inheritdoc/>
        public override void Write(ReadOnlySpan<byte> buffer)
        {
            while (!buffer.IsEmpty)
            {
                if (_filled == ChunkBytes) Chunk(last: false);
                int taken = Math.Min(buffer.Length, ChunkBytes - _filled);
                buffer[..taken].CopyTo(_plain.AsSpan(_filled));
                _filled += taken;
                buffer = buffer[taken..];
            }
        }

        /// <inheritdoc/>
        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        void Chunk(bool last)
        {
            BinaryPrimitives.WriteUInt32BigEndian(_sealed, (uint)_filled | (last ? LastBit : 0));
            _aes.Encrypt(Nonce(_number, last), _plain.AsSpan(0, _filled), _sealed.AsSpan(LengthBytes, _filled), _sealed.AsSpan(LengthBytes + _filled, TagBytes), header);
            inner.Write(_sealed, 0, LengthBytes + _filled + TagBytes);
            _filled = 0;
            _number++;
        }

        /// <inheritdoc/>
        protected override void Dispose(bool disposing)
        {
            if (disposing) _aes.Dispose();
            CryptographicOperations.ZeroMemory(_plain);
            base.Dispose(disposing);
        }

        /// <inheritdoc/>
        public override bool CanRead => false;
        /// <inheritdoc/>
        public override bool CanSeek => false;
        /// <inheritdoc/>
        public override bool CanWrite => true;
        /// <inheritdoc/>
        public override long Length => throw new NotSupportedException();
        /// <inheritdoc/>
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }
        /// <inheritdoc/>
        public override void Flush() { }
        /// <inheritdoc/>
        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        /// <inheritdoc/>
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        /// <inheritdoc/>
        public override void SetLength(long value) => throw new NotSupportedException();
    }

    /// <summary>Opens what a <see cref="Writer"/> sealed; gives no byte of a chunk that is not as it was.</summary>
    /// <remarks>Reading throws <see cref="InvalidDataException"/> where the file is damaged, cut off or has something behind its end.</remarks>
    public sealed class Reader(Stream inner, byte[] header, byte[] key, Action<long>? told = null) : Stream
    {
        readonly AesGcm _aes = new(key, TagBytes);
        readonly byte[] _plain = new byte[ChunkBytes];
        readonly byte[] _sealed = new byte[ChunkBytes + TagBytes];
        int _at, _filled;
        ulong _number;
        bool _ended;

        /// <inheritdoc/>
        public override int Read(Span<byte> buffer)
        {
            while (_at == _filled)
            {
                if (_ended) return 0;
                Chunk();
            }
            int taken = Math.Min(buffer.Length, _filled - _at);
            _plain.AsSpan(_at, taken).CopyTo(buffer);
            _at += taken;
            return taken;
        }

        /// <inheritdoc/>
        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        void Chunk()
        {
            try
            {
                Span<byte> length = stackalloc byte[LengthBytes];
                inner.ReadExactly(length);
                uint word = BinaryPrimitives.ReadUInt32BigEndian(length);
                bool last = (word & LastBit) != 0;
                uint size = word & ~LastBit;
                if (size > ChunkBytes) throw new InvalidDataException("The backup is damaged.");
                inner.ReadExactly(_sealed, 0, (int)size + TagBytes);
                _aes.Decrypt(Nonce(_number, last), _sealed.AsSpan(0, (int)size), _sealed.AsSpan((int)size, TagBytes), _plain.AsSpan(0, (int)size), header);
                (_at, _filled, _ended) = (0, (int)size, last);
                _number++;
                told?.Invoke(inner.Position);
            }
            catch (EndOfStreamException)
            {
                throw new InvalidDataException("The backup is cut off: its end is missing.");
            }
            catch (AuthenticationTagMismatchException)
            {
                throw new InvalidDataException("The backup is damaged.");
            }
            if (_ended && inner.ReadByte() >= 0) throw new InvalidDataException("The backup is damaged: something stands behind its end.");
        }

        /// <inheritdoc/>
        protected override void Dispose(bool disposing)
        {
            if (disposing) _aes.Dispose();
            CryptographicOperations.ZeroMemory(_plain);
            base.Dispose(disposing);
        }

        /// <inheritdoc/>
        public override bool CanRead => true;
        /// <inheritdoc/>
        public override bool CanSeek => false;
        /// <inheritdoc/>
        public override bool CanWrite => false;
        /// <inheritdoc/>
        public override long Length => throw new NotSupportedException();
        /// <inheritdoc/>
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }
        /// <inheritdoc/>
        public override void Flush() { }
        /// <inheritdoc/>
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        /// <inheritdoc/>
        public override void SetLength(long value) => throw new NotSupportedException();
        /// <inheritdoc/>
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }

    static byte[] Nonce(ulong number, bool last)
    {
        byte[] nonce = new byte[12];
        BinaryPrimitives.WriteUInt64BigEndian(nonce, number);
        nonce[11] = last ? (byte)1 : (byte)0;
        return nonce;
    }
}
