/*eslint-disable block-scoped-var, id-length, no-control-regex, no-magic-numbers, no-mixed-operators, no-prototype-builtins, no-redeclare, no-shadow, no-var, sort-vars, default-case, jsdoc/require-param*/
import $protobuf from 'protobufjs/minimal.js';

const $Reader = $protobuf.Reader,
  $Writer = $protobuf.Writer,
  $util = $protobuf.util;
const $Object = $util.global.Object,
  $undefined = $util.global.undefined,
  $Error = $util.global.Error,
  $RangeError = $util.global.RangeError;

const $root = $protobuf.roots['default'] || ($protobuf.roots['default'] = {});

export const bench = ($root.bench = (() => {
  const bench = {};

  bench.Small = (() => {
    const Small = function (properties) {
      if (properties)
        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
          if (properties[keys[i]] != null && keys[i] !== '__proto__') this[keys[i]] = properties[keys[i]];
    };

    Small.prototype.name = '';

    Small.create = (properties) => new Small(properties);

    Small.encode = (message, writer, _depth) => {
      if (!writer) writer = $Writer.create();
      if (_depth === $undefined) _depth = 0;
      if (_depth > $util.recursionLimit) throw $Error('max depth exceeded');
      if (message.name != null && $Object.hasOwnProperty.call(message, 'name') && message.name !== '')
        writer.uint32(10).string(message.name);
      if (message.$unknowns != null && $Object.hasOwnProperty.call(message, '$unknowns'))
        for (let i = 0; i < message.$unknowns.length; ++i) writer.raw(message.$unknowns[i]);
      return writer;
    };

    Small.decode = (reader, length, _end, _depth, _target) => {
      if (!(reader instanceof $Reader)) reader = $Reader.create(reader);
      if (_depth === $undefined) _depth = 0;
      if (_depth > $Reader.recursionLimit) throw $Error('max depth exceeded');
      let end, message, value;
      if (length === $undefined) end = reader.len;
      else {
        end = reader.pos + length;
        if (end > reader.len) throw $RangeError('index out of range');
        length = reader.len;
        reader.len = end;
      }
      message = _target || new $root.bench.Small();
      while (reader.pos < end) {
        const start = reader.pos;
        let tag = reader.tag();
        if (tag === _end) {
          _end = $undefined;
          break;
        }
        const wireType = tag & 7;
        switch ((tag >>>= 3)) {
          case 1: {
            if (wireType !== 2) break;
            if ((value = reader.stringVerify()).length) message.name = value;
            else delete message.name;
            continue;
          }
        }
        reader.skipType(wireType, _depth, tag);
        if (!reader.discardUnknown) {
          $util.makeProp(message, '$unknowns', false);
          (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
        }
      }
      if (length !== $undefined) {
        if (reader.pos !== end) throw $RangeError('index out of range');
        reader.len = length;
      }
      if (_end !== $undefined) throw $Error('missing end group');
      return message;
    };

    return Small;
  })();

  bench.Text = (() => {
    const Text = function (properties) {
      if (properties)
        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
          if (properties[keys[i]] != null && keys[i] !== '__proto__') this[keys[i]] = properties[keys[i]];
    };

    Text.prototype.data = '';

    Text.create = (properties) => new Text(properties);

    Text.encode = (message, writer, _depth) => {
      if (!writer) writer = $Writer.create();
      if (_depth === $undefined) _depth = 0;
      if (_depth > $util.recursionLimit) throw $Error('max depth exceeded');
      if (message.data != null && $Object.hasOwnProperty.call(message, 'data') && message.data !== '')
        writer.uint32(10).string(message.data);
      if (message.$unknowns != null && $Object.hasOwnProperty.call(message, '$unknowns'))
        for (let i = 0; i < message.$unknowns.length; ++i) writer.raw(message.$unknowns[i]);
      return writer;
    };

    Text.decode = (reader, length, _end, _depth, _target) => {
      if (!(reader instanceof $Reader)) reader = $Reader.create(reader);
      if (_depth === $undefined) _depth = 0;
      if (_depth > $Reader.recursionLimit) throw $Error('max depth exceeded');
      let end, message, value;
      if (length === $undefined) end = reader.len;
      else {
        end = reader.pos + length;
        if (end > reader.len) throw $RangeError('index out of range');
        length = reader.len;
        reader.len = end;
      }
      message = _target || new $root.bench.Text();
      while (reader.pos < end) {
        const start = reader.pos;
        let tag = reader.tag();
        if (tag === _end) {
          _end = $undefined;
          break;
        }
        const wireType = tag & 7;
        switch ((tag >>>= 3)) {
          case 1: {
            if (wireType !== 2) break;
            if ((value = reader.stringVerify()).length) message.data = value;
            else delete message.data;
            continue;
          }
        }
        reader.skipType(wireType, _depth, tag);
        if (!reader.discardUnknown) {
          $util.makeProp(message, '$unknowns', false);
          (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
        }
      }
      if (length !== $undefined) {
        if (reader.pos !== end) throw $RangeError('index out of range');
        reader.len = length;
      }
      if (_end !== $undefined) throw $Error('missing end group');
      return message;
    };

    return Text;
  })();

  bench.Nested = (() => {
    const Nested = function (properties) {
      this.items = [];
      if (properties)
        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
          if (properties[keys[i]] != null && keys[i] !== '__proto__') this[keys[i]] = properties[keys[i]];
    };

    Nested.prototype.items = $util.emptyArray;

    Nested.create = (properties) => new Nested(properties);

    Nested.encode = (message, writer, _depth) => {
      if (!writer) writer = $Writer.create();
      if (_depth === $undefined) _depth = 0;
      if (_depth > $util.recursionLimit) throw $Error('max depth exceeded');
      if (message.items != null && message.items.length)
        for (let i = 0; i < message.items.length; ++i)
          $root.bench.Item.encode(message.items[i], writer.uint32(10).fork(), _depth + 1).ldelim();
      if (message.$unknowns != null && $Object.hasOwnProperty.call(message, '$unknowns'))
        for (let i = 0; i < message.$unknowns.length; ++i) writer.raw(message.$unknowns[i]);
      return writer;
    };

    Nested.decode = (reader, length, _end, _depth, _target) => {
      if (!(reader instanceof $Reader)) reader = $Reader.create(reader);
      if (_depth === $undefined) _depth = 0;
      if (_depth > $Reader.recursionLimit) throw $Error('max depth exceeded');
      let end, message;
      if (length === $undefined) end = reader.len;
      else {
        end = reader.pos + length;
        if (end > reader.len) throw $RangeError('index out of range');
        length = reader.len;
        reader.len = end;
      }
      message = _target || new $root.bench.Nested();
      while (reader.pos < end) {
        const start = reader.pos;
        let tag = reader.tag();
        if (tag === _end) {
          _end = $undefined;
          break;
        }
        const wireType = tag & 7;
        switch ((tag >>>= 3)) {
          case 1: {
            if (wireType !== 2) break;
            if (!(message.items && message.items.length)) message.items = [];
            message.items.push($root.bench.Item.decode(reader, reader.size(), $undefined, _depth + 1));
            continue;
          }
        }
        reader.skipType(wireType, _depth, tag);
        if (!reader.discardUnknown) {
          $util.makeProp(message, '$unknowns', false);
          (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
        }
      }
      if (length !== $undefined) {
        if (reader.pos !== end) throw $RangeError('index out of range');
        reader.len = length;
      }
      if (_end !== $undefined) throw $Error('missing end group');
      return message;
    };

    return Nested;
  })();

  bench.Item = (() => {
    const Item = function (properties) {
      this.tags = [];
      if (properties)
        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
          if (properties[keys[i]] != null && keys[i] !== '__proto__') this[keys[i]] = properties[keys[i]];
    };

    Item.prototype.id = 0;
    Item.prototype.name = '';
    Item.prototype.price = 0;
    Item.prototype.tags = $util.emptyArray;
    Item.prototype.on = false;
    Item.prototype.at = null;

    Item.create = (properties) => new Item(properties);

    Item.encode = (message, writer, _depth) => {
      if (!writer) writer = $Writer.create();
      if (_depth === $undefined) _depth = 0;
      if (_depth > $util.recursionLimit) throw $Error('max depth exceeded');
      if (message.id != null && $Object.hasOwnProperty.call(message, 'id') && message.id !== 0)
        writer.uint32(8).int32(message.id);
      if (message.name != null && $Object.hasOwnProperty.call(message, 'name') && message.name !== '')
        writer.uint32(18).string(message.name);
      if (
        message.price != null &&
        $Object.hasOwnProperty.call(message, 'price') &&
        !$Object.is(message.price, 0)
      )
        writer.uint32(25).double(message.price);
      if (message.tags != null && message.tags.length)
        for (let i = 0; i < message.tags.length; ++i) writer.uint32(34).string(message.tags[i]);
      if (message.on != null && $Object.hasOwnProperty.call(message, 'on') && message.on !== false)
        writer.uint32(40).bool(message.on);
      if (message.at != null && $Object.hasOwnProperty.call(message, 'at'))
        $root.bench.Point.encode(message.at, writer.uint32(50).fork(), _depth + 1).ldelim();
      if (message.$unknowns != null && $Object.hasOwnProperty.call(message, '$unknowns'))
        for (let i = 0; i < message.$unknowns.length; ++i) writer.raw(message.$unknowns[i]);
      return writer;
    };

    Item.decode = (reader, length, _end, _depth, _target) => {
      if (!(reader instanceof $Reader)) reader = $Reader.create(reader);
      if (_depth === $undefined) _depth = 0;
      if (_depth > $Reader.recursionLimit) throw $Error('max depth exceeded');
      let end, message, value;
      if (length === $undefined) end = reader.len;
      else {
        end = reader.pos + length;
        if (end > reader.len) throw $RangeError('index out of range');
        length = reader.len;
        reader.len = end;
      }
      message = _target || new $root.bench.Item();
      while (reader.pos < end) {
        const start = reader.pos;
        let tag = reader.tag();
        if (tag === _end) {
          _end = $undefined;
          break;
        }
        const wireType = tag & 7;
        switch ((tag >>>= 3)) {
          case 1: {
            if (wireType !== 0) break;
            if ((value = reader.int32())) message.id = value;
            else delete message.id;
            continue;
          }
          case 2: {
            if (wireType !== 2) break;
            if ((value = reader.stringVerify()).length) message.name = value;
            else delete message.name;
            continue;
          }
          case 3: {
            if (wireType !== 1) break;
            if (!$Object.is((value = reader.double()), 0)) message.price = value;
            else delete message.price;
            continue;
          }
          case 4: {
            if (wireType !== 2) break;
            if (!(message.tags && message.tags.length)) message.tags = [];
            message.tags.push(reader.stringVerify());
            continue;
          }
          case 5: {
            if (wireType !== 0) break;
            if ((value = reader.bool())) message.on = value;
            else delete message.on;
            continue;
          }
          case 6: {
            if (wireType !== 2) break;
            message.at = $root.bench.Point.decode(reader, reader.size(), $undefined, _depth + 1, message.at);
            continue;
          }
        }
        reader.skipType(wireType, _depth, tag);
        if (!reader.discardUnknown) {
          $util.makeProp(message, '$unknowns', false);
          (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
        }
      }
      if (length !== $undefined) {
        if (reader.pos !== end) throw $RangeError('index out of range');
        reader.len = length;
      }
      if (_end !== $undefined) throw $Error('missing end group');
      return message;
    };

    return Item;
  })();

  bench.Point = (() => {
    const Point = function (properties) {
      if (properties)
        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
          if (properties[keys[i]] != null && keys[i] !== '__proto__') this[keys[i]] = properties[keys[i]];
    };

    Point.prototype.x = 0;
    Point.prototype.y = 0;

    Point.create = (properties) => new Point(properties);

    Point.encode = (message, writer, _depth) => {
      if (!writer) writer = $Writer.create();
      if (_depth === $undefined) _depth = 0;
      if (_depth > $util.recursionLimit) throw $Error('max depth exceeded');
      if (message.x != null && $Object.hasOwnProperty.call(message, 'x') && message.x !== 0)
        writer.uint32(8).sint32(message.x);
      if (message.y != null && $Object.hasOwnProperty.call(message, 'y') && message.y !== 0)
        writer.uint32(16).sint32(message.y);
      if (message.$unknowns != null && $Object.hasOwnProperty.call(message, '$unknowns'))
        for (let i = 0; i < message.$unknowns.length; ++i) writer.raw(message.$unknowns[i]);
      return writer;
    };

    Point.decode = (reader, length, _end, _depth, _target) => {
      if (!(reader instanceof $Reader)) reader = $Reader.create(reader);
      if (_depth === $undefined) _depth = 0;
      if (_depth > $Reader.recursionLimit) throw $Error('max depth exceeded');
      let end, message, value;
      if (length === $undefined) end = reader.len;
      else {
        end = reader.pos + length;
        if (end > reader.len) throw $RangeError('index out of range');
        length = reader.len;
        reader.len = end;
      }
      message = _target || new $root.bench.Point();
      while (reader.pos < end) {
        const start = reader.pos;
        let tag = reader.tag();
        if (tag === _end) {
          _end = $undefined;
          break;
        }
        const wireType = tag & 7;
        switch ((tag >>>= 3)) {
          case 1: {
            if (wireType !== 0) break;
            if ((value = reader.sint32())) message.x = value;
            else delete message.x;
            continue;
          }
          case 2: {
            if (wireType !== 0) break;
            if ((value = reader.sint32())) message.y = value;
            else delete message.y;
            continue;
          }
        }
        reader.skipType(wireType, _depth, tag);
        if (!reader.discardUnknown) {
          $util.makeProp(message, '$unknowns', false);
          (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
        }
      }
      if (length !== $undefined) {
        if (reader.pos !== end) throw $RangeError('index out of range');
        reader.len = length;
      }
      if (_end !== $undefined) throw $Error('missing end group');
      return message;
    };

    return Point;
  })();

  bench.Numbers = (() => {
    const Numbers = function (properties) {
      this.values = [];
      if (properties)
        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
          if (properties[keys[i]] != null && keys[i] !== '__proto__') this[keys[i]] = properties[keys[i]];
    };

    Numbers.prototype.values = $util.emptyArray;
    Numbers.prototype.big = $util.Long ? $util.Long.fromBits(0, 0, false) : 0;
    Numbers.prototype.fixed = $util.Long ? $util.Long.fromBits(0, 0, true) : 0;

    Numbers.create = (properties) => new Numbers(properties);

    Numbers.encode = (message, writer, _depth) => {
      if (!writer) writer = $Writer.create();
      if (_depth === $undefined) _depth = 0;
      if (_depth > $util.recursionLimit) throw $Error('max depth exceeded');
      if (message.values != null && message.values.length) writer.uint32(10).int32s(message.values);
      if (
        message.big != null &&
        $Object.hasOwnProperty.call(message, 'big') &&
        (typeof message.big === 'object' ? message.big.low || message.big.high : message.big !== 0)
      )
        writer.uint32(16).int64(message.big);
      if (
        message.fixed != null &&
        $Object.hasOwnProperty.call(message, 'fixed') &&
        (typeof message.fixed === 'object' ? message.fixed.low || message.fixed.high : message.fixed !== 0)
      )
        writer.uint32(25).fixed64(message.fixed);
      if (message.$unknowns != null && $Object.hasOwnProperty.call(message, '$unknowns'))
        for (let i = 0; i < message.$unknowns.length; ++i) writer.raw(message.$unknowns[i]);
      return writer;
    };

    Numbers.decode = (reader, length, _end, _depth, _target) => {
      if (!(reader instanceof $Reader)) reader = $Reader.create(reader);
      if (_depth === $undefined) _depth = 0;
      if (_depth > $Reader.recursionLimit) throw $Error('max depth exceeded');
      let end, message, value;
      if (length === $undefined) end = reader.len;
      else {
        end = reader.pos + length;
        if (end > reader.len) throw $RangeError('index out of range');
        length = reader.len;
        reader.len = end;
      }
      message = _target || new $root.bench.Numbers();
      while (reader.pos < end) {
        const start = reader.pos;
        let tag = reader.tag();
        if (tag === _end) {
          _end = $undefined;
          break;
        }
        const wireType = tag & 7;
        switch ((tag >>>= 3)) {
          case 1: {
            if (wireType === 2) {
              if (!(message.values && message.values.length)) message.values = [];
              reader.int32s(message.values);
              continue;
            }
            if (wireType !== 0) break;
            if (!(message.values && message.values.length)) message.values = [];
            message.values.push(reader.int32());
            continue;
          }
          case 2: {
            if (wireType !== 0) break;
            if (typeof (value = reader.int64()) === 'object' ? value.low || value.high : value !== 0)
              message.big = value;
            else delete message.big;
            continue;
          }
          case 3: {
            if (wireType !== 1) break;
            if (typeof (value = reader.fixed64()) === 'object' ? value.low || value.high : value !== 0)
              message.fixed = value;
            else delete message.fixed;
            continue;
          }
        }
        reader.skipType(wireType, _depth, tag);
        if (!reader.discardUnknown) {
          $util.makeProp(message, '$unknowns', false);
          (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
        }
      }
      if (length !== $undefined) {
        if (reader.pos !== end) throw $RangeError('index out of range');
        reader.len = length;
      }
      if (_end !== $undefined) throw $Error('missing end group');
      return message;
    };

    return Numbers;
  })();

  return bench;
})());

export { $root as default };
